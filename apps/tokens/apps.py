from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class TokensConfig(AppConfig):
    # A copy works at any dotted path. The label names the tables: change it before your first migration, or never.
    name = __name__.rpartition(".")[0]
    label = "tokens"
    verbose_name = _("Request tokens")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, declared, origin  # noqa: F401  register themselves
        from .identity import revoke_links_of_closed_account

        post_save.connect(
            revoke_links_of_closed_account, sender=settings.AUTH_USER_MODEL, dispatch_uid="tokens.closed_account"
        )

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingConfig(AppConfig):
    name = "apps.mailing"
    label = "mailing"
    verbose_name = _("Mailing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.mailing import checks, receivers  # noqa: F401  registers and connects them

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TokensConfig(AppConfig):
    # Taken from where the package lies, so that a copy works at any dotted path. The label stays:
    # it names the tables and the templates' folder.
    name = __name__.rpartition(".")[0]
    label = "tokens"
    verbose_name = _("Request tokens")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  registers itself

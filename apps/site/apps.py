from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SitePagesConfig(AppConfig):
    name = "apps.site"
    # "site" would be taken for django.contrib.sites.
    label = "site_pages"
    verbose_name = _("Site")

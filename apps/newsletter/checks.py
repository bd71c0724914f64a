"""`manage.py check`: settings of the site that would break the newsletter without a sound."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.urls)
def check_one_click_is_not_redirected(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    host = urlsplit(settings.SITE_URL).netloc
    if not settings.PREPEND_WWW or host.startswith("www."):
        return []
    return [
        checks.Error(
            "One-click unsubscribes come to nothing: PREPEND_WWW redirects them, and RFC 8058 forbids to follow.",
            hint=f"Set SITE_URL={settings.SITE_URL.replace(host, f'www.{host}')}",
            id="newsletter.E001",
        )
    ]


@checks.register(checks.Tags.compatibility, deploy=True)
def check_postal_address(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if settings.NEWSLETTER_POSTAL_ADDRESS:
        return []
    return [
        checks.Warning(
            "The newsletter does not say where its publisher lives; many countries ask for that.",
            hint='Set NEWSLETTER_POSTAL_ADDRESS, for example NEWSLETTER_POSTAL_ADDRESS="1 High Street, Town, Country"',
            id="newsletter.W001",
        )
    ]

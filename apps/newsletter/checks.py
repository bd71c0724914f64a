"""`manage.py check`: settings of the site that would break the links without a sound."""

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
            "One-click unsubscribe does not work: PREPEND_WWW redirects it, and RFC 8058 forbids senders to do that.",
            hint=f"Set SITE_URL={settings.SITE_URL.replace(host, f'www.{host}')}",
            id="newsletter.E001",
        )
    ]

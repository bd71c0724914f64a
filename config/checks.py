"""`manage.py check --deploy`: what runs without an error in production and still is wrong there."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.cache import DEFAULT_CACHE_ALIAS


@checks.register(checks.Tags.security, deploy=True)
def check_mail_leaves_the_machine(**kwargs: Any) -> list[checks.CheckMessage]:
    # From Django 6.1 on, mail.E001 says this about MAILERS.
    if hasattr(settings, "MAILERS") or settings.EMAIL_BACKEND.startswith("django.core.mail.backends.smtp"):
        return []
    return [
        checks.Warning(
            "Mails, and the links in them, do not reach anybody.",
            hint="Set EMAIL_URL, for example EMAIL_URL=smtp+tls://user:password@mail.example.com:587",
            id="config.W001",
        )
    ]


@checks.register(checks.Tags.caches, deploy=True)
def check_cache_is_shared(**kwargs: Any) -> list[checks.CheckMessage]:
    if not settings.CACHES[DEFAULT_CACHE_ALIAS]["BACKEND"].endswith("LocMemCache"):
        return []
    return [
        checks.Warning(
            "Each process counts for itself: with four of them every rate limit is four times as high.",
            hint="Set CACHE_URL, for example CACHE_URL=redis://127.0.0.1:6379/0",
            id="config.W002",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def check_links_are_https(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.SITE_URL.startswith("https://"):
        return []
    return [
        checks.Warning(
            "Links in mails travel unencrypted, and cookies that are Secure are not sent back.",
            hint="Set SITE_URL to an address with https://",
            id="config.W003",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def check_proxies_are_counted(**kwargs: Any) -> list[checks.CheckMessage]:
    # 0 written down is a decision.
    if settings.TRUSTED_PROXY_COUNT is not None:
        return []
    return [
        checks.Warning(
            "It is not said how many proxies stand before the site. Behind one that is not counted, all visitors have "
            "its address and share one rate limit.",
            hint="Set TRUSTED_PROXY_COUNT=1 behind one proxy, such as nginx, or TRUSTED_PROXY_COUNT=0 without any",
            id="config.W004",
        )
    ]

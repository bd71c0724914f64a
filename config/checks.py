"""`manage.py check --deploy`: what runs without an error in production and still is wrong there."""

from email.utils import parseaddr
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core import checks
from django.core.cache import DEFAULT_CACHE_ALIAS
from django.db import connection


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
            "Links in emails travel unencrypted, and cookies that are Secure are not sent back.",
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


@checks.register(checks.Tags.security, deploy=True)
def check_sender_is_an_address(**kwargs: Any) -> list[checks.CheckMessage]:
    if not parseaddr(settings.DEFAULT_FROM_EMAIL)[1].endswith("@localhost"):
        return []
    return [
        checks.Warning(
            "Emails come from an address at localhost. Most mail servers refuse them, and nobody can answer.",
            hint="Set DEFAULT_FROM_EMAIL, for example DEFAULT_FROM_EMAIL=Latchkey <news@example.com>",
            id="config.W005",
        )
    ]


@checks.register(checks.Tags.staticfiles, deploy=True)
def check_static_files_are_collected(**kwargs: Any) -> list[checks.CheckMessage]:
    if not isinstance(staticfiles_storage, ManifestFilesMixin):
        return []
    if Path(staticfiles_storage.path(staticfiles_storage.manifest_name)).exists():
        return []
    return [
        checks.Warning(
            "The static files are not collected, so every page that names one answers 500.",
            hint="Run python manage.py collectstatic --no-input",
            id="config.W006",
        )
    ]


@checks.register(deploy=True)
def check_sqlite_is_enough(**kwargs: Any) -> list[checks.CheckMessage]:
    is_shared = settings.WEB_CONCURRENCY > 1 or settings.TASKS_BACKEND == "database"
    if connection.vendor != "sqlite" or not is_shared:
        return []
    return [
        checks.Warning(
            "Several processes share one SQLite file: one writes while the others wait, up to 20 seconds.",
            hint="Set DATABASE_URL=postgres://..., or unset WEB_CONCURRENCY and TASKS_BACKEND: threads are enough",
            id="config.W007",
        )
    ]

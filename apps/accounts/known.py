"""The browsers in which a person has signed in: they count apart, and only others are worth a notice."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.models import KnownBrowser, User
from apps.site import cookies
from apps.site.browsers import user_agent_of

COOKIE = "browser"
YEAR = 365 * 24 * 60 * 60


def digest_of(request: HttpRequest) -> str:
    """What this browser is known by; empty if nobody has signed in here."""
    return cookies.digest_of(request, COOKIE)


def digest_for(request: HttpRequest, address: str) -> str:
    """This browser's digest if the person with that address has signed in here, otherwise empty."""
    digest = digest_of(request)
    is_known = bool(digest) and KnownBrowser.objects.filter(user__email=address, digest=digest).exists()
    return digest if is_known else ""


def remember(request: HttpRequest, response: HttpResponse, user: User) -> KnownBrowser | None:
    """Notes that this user has signed in here. Returns the browser if it was not known before."""
    digest = digest_of(request)
    now: dict[str, Any] = {"user_agent": user_agent_of(request), "last_seen_at": timezone.now()}
    if not digest:
        return user.known_browsers.create(digest=cookies.keep_secret(response, COOKIE, max_age=YEAR), **now)
    if user.known_browsers.filter(digest=digest).update(**now):
        return None
    # Two clicks at once make one row.
    browser, is_new = user.known_browsers.get_or_create(digest=digest, defaults=now)
    return browser if is_new else None

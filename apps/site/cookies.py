"""Cookies that hold a secret of this browser. The database knows their digests only."""

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def digest_of(request: HttpRequest, name: str) -> str:
    """The digest of the secret that this browser keeps under that name; empty if it keeps none."""
    secret = request.COOKIES.get(_full(name), "")
    return _digest(secret) if secret else ""


def keep_secret(response: HttpResponse, name: str, *, max_age: int) -> str:
    """Gives the browser a new secret to keep for ``max_age`` seconds. Returns its digest."""
    secret = secrets.token_urlsafe(32)
    # Lax: it must come along when a link in an email is followed.
    response.set_cookie(
        _full(name), secret, max_age=max_age, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return _digest(secret)


def forget_secret(response: HttpResponse, name: str) -> None:
    response.delete_cookie(_full(name), samesite="Lax")


def _full(name: str) -> str:
    # Threat: a cookie set by another host of the domain. Browsers take this prefix from this very host only.
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()

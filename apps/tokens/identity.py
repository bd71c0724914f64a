"""Who is signed in, and how a request becomes that of the token's user."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import load_backend, login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from .models import RequestToken


def is_somebody_else(request: HttpRequest, token: RequestToken) -> bool:
    """True if a user is signed in who is not the token's. Reads the session."""
    if not hasattr(request, "user"):
        raise ImproperlyConfigured(
            "Request tokens that act for a user need request.user. Put "
            '"django.contrib.auth.middleware.AuthenticationMiddleware" before '
            f'"{__package__}.middleware.RequestTokenMiddleware" in MIDDLEWARE.'
        )
    return request.user.is_authenticated and request.user.pk != token.user_id


def assume(request: HttpRequest, token: RequestToken) -> None:
    """Make the token's user the request's: for this request, or, in mode SESSION, signed in."""
    user = token.user
    if user is None:
        return
    if token.login_mode == token.LoginMode.SESSION:
        # Threat: session fixation. login() gives the session a new key.
        login(request, user, backend=_session_backend(user))

    async def auser() -> Any:
        return user

    request.user = user
    request.auser = auser


def _session_backend(user: Any) -> str:
    # The session will ask this backend for the user again, so it must be one that knows the user:
    # with two backends login() cannot tell which.
    for path in settings.AUTHENTICATION_BACKENDS:
        if load_backend(path).get_user(user.pk) is not None:
            return path
    raise ImproperlyConfigured(
        "No backend in AUTHENTICATION_BACKENDS can load the user of a SESSION token. "
        'Add "django.contrib.auth.backends.ModelBackend".'
    )

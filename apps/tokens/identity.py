"""Tells who is signed in, and makes a request that of the token's user."""

from __future__ import annotations

from copy import copy, deepcopy
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, load_backend, login
from django.contrib.auth.backends import BaseBackend
from django.contrib.sessions.backends import db as db_sessions
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import F, Value
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


def who_looked(request: HttpRequest) -> Any:
    """The user who was signed in when the request came, if it has asked by now; never a query."""
    # Where Django's AuthenticationMiddleware keeps what request.user and request.auser() have found.
    user = getattr(request, "_cached_user", None) or getattr(request, "_acached_user", None)
    return user if user is not None and user.is_authenticated else None


def act_as(request: HttpRequest, user: Any) -> None:
    """Make this the request's user, for this request only: the session is not touched."""

    async def auser() -> Any:
        return user

    request.user = user
    request.auser = auser


def hold_account(alias: str, user: Any) -> bool:
    """Lock the account's row until the transaction ends; False if it is not, or not as it was read."""
    # A write, not SELECT FOR UPDATE: on SQLite who reads first and writes later fails if another wrote in between.
    fields = [field for field in user._meta.concrete_fields if not field.primary_key]
    # Threat: an account that is closed, or changed, between the look and the sign-in.
    held = [field for field in fields if field.name in ("is_active", "password", user.get_email_field_name())]
    now = {field.attname: getattr(user, field.attname) for field in held}
    # No condition can compare fields that are stored otherwise than they read (encrypted): they are read once more.
    others = [field.attname for field in held if hasattr(field, "from_db_value")]
    # A Value is not prepared by its field, as by lower().
    read = {name: None if value is None else Value(value) for name, value in now.items() if name not in others}
    accounts = type(user)._base_manager.using(alias).filter(pk=user.pk, **read)
    is_held = accounts.update(**{fields[0].attname: F(fields[0].attname)}) == 1
    return is_held and (not others or accounts.values(*others).get() == {name: now[name] for name in others})


def sign_in(request: HttpRequest, user: Any) -> None:
    """Sign the user in and save the session, so that nothing is left to fail but sending its cookie."""
    # Threat: session fixation, and a copy of the cookie, which a fresh sign-in would serve too: always a new key.
    if SESSION_KEY in request.session:
        request.session.cycle_key()
    login(request, user, backend=_session_backend(user))
    request.session.save()
    request.session.modified = False
    act_as(request, user)


def session_now(request: HttpRequest) -> Any:
    """The visitor's session as it is, with all that is in it, for ``put_back``."""
    if not hasattr(request, "session"):
        raise ImproperlyConfigured(
            "A link that signs in needs a session. Put "
            '"django.contrib.sessions.middleware.SessionMiddleware" before '
            '"django.contrib.auth.middleware.AuthenticationMiddleware" in MIDDLEWARE.'
        )
    before: Any = copy(request.session)
    before._session_cache = deepcopy(dict(request.session.items()))
    return before


def put_back(request: HttpRequest, before: Any, *, is_saved: bool = True) -> None:
    """Give the visitor the session of before the sign-in; the one that was saved for it ends."""
    if is_saved:
        # Threat: a session that outlives the sign-in it was saved for.
        request.session.flush()
        if before.keys():
            before.save(must_create=True)
    request.session = before


def hand_out_session(request: HttpRequest) -> None:
    """Have SessionMiddleware set the cookie without saving again. Raises if what the view put in cannot be saved."""
    session = request.session
    if session.is_empty():  # the view has signed the visitor out again
        return
    if session.modified:
        session.save()
    saved, save = deepcopy(dict(session.items())), session.save

    def save_changes(must_create: bool = False) -> None:
        # It saves before it sets the cookie: a connection lost there would leave a link used up and nobody in.
        if must_create or dict(session.items()) != saved:
            save(must_create)

    session.save = save_changes  # type: ignore[method-assign]
    session.modified = True


def saves_sessions_in(request: HttpRequest, alias: str) -> bool:
    """True if sessions are rows of this very database, so that one transaction can hold them and the tokens."""
    session = getattr(request, "session", None)
    return type(session) is db_sessions.SessionStore and router.db_for_write(session.model) == alias


def _session_backend(user: Any) -> str:
    # The session will ask this backend for the user again, so it must be one that knows the user: with several
    # backends login() cannot tell which. Some only authenticate (django-axes) or answer for permissions.
    backends = {path: load_backend(path) for path in settings.AUTHENTICATION_BACKENDS}
    nobody = (None, BaseBackend.get_user)
    paths = [path for path, backend in backends.items() if getattr(type(backend), "get_user", None) not in nobody]
    for path in paths:
        # With one to choose from the user is not loaded once more.
        if len(paths) == 1 or backends[path].get_user(user.pk) is not None:
            return path
    raise ImproperlyConfigured(
        "No backend in AUTHENTICATION_BACKENDS can load the user of a SESSION token. "
        'Add "django.contrib.auth.backends.ModelBackend".'
    )


def revoke_links_of_closed_account(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """A receiver of the user model's post_save."""
    # Threat: a sign-in link that sleeps while the account is closed and works when it is opened again.
    if not raw and not instance.is_active:
        instance.requesttoken_set.sign_in_links().revoke(reason=RequestToken.RevokedReason.ACCOUNT_CLOSED)

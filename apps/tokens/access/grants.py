"""What the access token of this request lets its visitor do, for as long as the request lasts."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .scope import Scope


class Grant:
    """A scope that ends with its request."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __reduce__(self) -> Any:
        # Threat: a user that a view put into a cache and another request takes out.
        return Grant, (Scope(),)


def add(request: HttpRequest, scope: Scope) -> None:
    """Give this request's user, and no other object of the same user, what the scope grants."""
    if not hasattr(request, "user"):
        return
    grant = Grant(scope)
    request._access_token_grant = grant  # type: ignore[attr-defined]
    # Lazily, so that a page which asks for no permission reads no session.
    user, auser = request.user, getattr(request, "auser", None)
    request.user = SimpleLazyObject(lambda: _with(grant, user))  # type: ignore[assignment]
    if auser is None:
        return
    found: list[Any] = []

    async def auser_with_grant() -> Any:
        if not found:
            found.append(_with(grant, await auser()))
        return found[0]

    request.auser = auser_with_grant


def end(request: HttpRequest) -> None:
    """Take it back: the request is over, even if somebody has kept its user."""
    grant = getattr(request, "_access_token_grant", None)
    if grant is not None:
        grant.scope = Scope()


def scope_of(user: Any) -> Scope:
    """What the request's token grants this user; nothing outside a view that took one."""
    grant = getattr(user, "_access_token_grant", None)
    return Scope() if grant is None else grant.scope


def _with(grant: Grant, user: Any) -> Any:
    # A lazy user has to be read first, or its copy would stand for the same object.
    bool(user)
    # Threat: one AnonymousUser that a project keeps for all its visitors.
    user = copy(user)
    user._access_token_grant = grant
    return user

"""What the access token of this request lets its visitor do, for as long as the request lasts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .scope import Scope


def add(request: HttpRequest, scope: Scope) -> None:
    """Give this request's user, and no other object of the same user, what the scope grants."""
    if not hasattr(request, "user"):
        return
    # Lazily, so that a page which asks for no permission reads no session.
    user, auser = request.user, request.auser
    request.user = SimpleLazyObject(lambda: _marked(user, scope))  # type: ignore[assignment]

    async def marked_auser() -> Any:
        return _marked(await auser(), scope)

    request.auser = marked_auser


def scope_of(user: Any) -> Scope:
    """What the request's token grants this user; nothing outside a view that took one."""
    return getattr(user, "_access_token_scope", Scope())


def _marked(user: Any, scope: Scope) -> Any:
    user._access_token_scope = scope
    return user

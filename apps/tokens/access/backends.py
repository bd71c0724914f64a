"""Django's permission questions, answered by the access token of the request."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.apps import apps
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from ..rules import Pass
from . import scope
from .scope import Scope


class AccessTokenBackend(BaseBackend):
    """
    Add it to AUTHENTICATION_BACKENDS after your others: in a view with ``access_token_required``, and nowhere else,
    ``request.user.has_perm(perm, obj)`` is then true for what the token grants, to anonymous visitors too.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        granted = scope_of(user_obj)
        try:
            return bool(granted) and granted.covers(_wanted(perm, obj))
        except ValueError:  # an unsaved object, or something that is none: no token is about it
            return False

    async def ahas_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return self.has_perm(user_obj, perm, obj)


def scope_of(user: Any) -> Scope:
    """What the request's token grants this user; nothing outside a view that took one."""
    grant = getattr(user, "_access_token_grant", None)
    return Scope() if grant is None else grant.scope


class Grant(Pass):
    """A scope that one request's user has, and no other object of the same user, until the request is over."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __reduce__(self) -> Any:
        # Threat: a user that a view put into a cache and another request takes out.
        return Grant, (Scope(),)

    def after_view(self, request: HttpRequest, response: HttpResponseBase | None, *, has_left: bool) -> None:
        # Even if somebody has kept its user.
        self.scope = Scope()

    def begin(self, request: HttpRequest) -> None:
        """Give it to the request's user."""
        if not hasattr(request, "user"):
            return
        # Lazily, so that a page which asks for no permission reads no session.
        user: Any = request.user
        auser: Any = getattr(request, "auser", None)
        request.user = SimpleLazyObject(lambda: self._borrower(user))  # type: ignore[assignment]  # as Django's own is
        found: list[Any] = []

        async def auser_with_grant() -> Any:
            if not found:
                found.append(self._borrower(await auser()))
            return found[0]

        if auser is not None:
            request.auser = auser_with_grant

    def _borrower(self, user: Any) -> Any:
        # A lazy user has to be read first, or its copy would stand for the same object.
        bool(user)
        # Threat: one AnonymousUser that a project keeps for all its visitors.
        user = copy(user)
        user._access_token_grant = self
        return user


def _wanted(perm: str, obj: Any) -> Scope:
    if obj is not None:
        return scope.access_obj(obj, perm)
    # Without an object the question is about the whole model, if the name tells which.
    app_label, _, codename = perm.partition(".")
    try:
        model = apps.get_model(app_label, codename.rpartition("_")[2])
    except LookupError:
        return scope.access_app(app_label, perm) if codename else scope.access_all(perm)
    return scope.access_model(model, perm)

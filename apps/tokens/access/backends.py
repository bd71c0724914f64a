"""Django's permission questions, answered by the access token of the request."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.backends import BaseBackend

from . import scope
from .grants import scope_of
from .scope import Scope


class AccessTokenBackend(BaseBackend):
    """
    Add it to AUTHENTICATION_BACKENDS after your others: ``request.user.has_perm(perm, obj)`` and
    ``ahas_perm`` are then true for what the request's token grants, anonymous visitors included.

    It signs nobody in, and answers nothing outside a view with ``access_token_required``.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        granted = scope_of(user_obj)
        if not granted:
            return False
        try:
            return granted.covers(_wanted(perm, obj))
        except ValueError:  # an unsaved object, or something that is none: no token is about it
            return False

    async def ahas_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return self.has_perm(user_obj, perm, obj)


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

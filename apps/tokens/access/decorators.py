"""``access_token_required`` declares what an access token must grant; RequestTokenMiddleware enforces it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from ..rules import View, declare
from .gate import enter
from .rules import AccessRule


def access_token_required(
    *permissions: str,
    obj: Callable[..., models.Model] | type[models.Model] | None = None,
    state: Callable[[Any], str] | None = None,
) -> Callable[[View], View]:
    """
    A decorator for views that open to whoever has an access token for them.

    The token must grant every permission on ``obj``: a model, whose row the URL's arguments name,
    or a function of the request and those arguments; without ``obj``, on everything. ``state``
    makes of the object the text that went into the signature. Anybody else gets a 403, also
    where there is no such object. Inside the view ``request.user`` has what the token grants.
    """
    rule = AccessRule(permissions, obj, state)

    def decorator(view: View) -> View:
        return declare(view, "access_token_rule", rule, lambda request: enter(request, rule))

    return decorator

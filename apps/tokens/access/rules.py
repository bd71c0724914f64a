"""What a view declares about the access tokens that open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from . import scope
from .scope import Scope


@dataclass(frozen=True)
class AccessRule:
    permissions: tuple[str, ...]
    obj: Callable[..., models.Model] | type[models.Model] | None = None
    state: Callable[[Any], str] | None = None

    def __post_init__(self) -> None:
        if not self.permissions or not all(isinstance(name, str) and name for name in self.permissions):
            raise ValueError('access_token_required needs permissions: @access_token_required("app.permission").')

    def object_for(self, request: Any, args: Any, kwargs: Any) -> models.Model | None:
        """The object that the view is about: found by the URL's arguments, or by calling ``obj`` with all of them."""
        if self.obj is None:
            return None
        if isinstance(self.obj, type) and issubclass(self.obj, models.Model):
            return self.obj._default_manager.get(**kwargs)
        return self.obj(request, *args, **kwargs)

    def scope_for(self, obj: models.Model | None) -> Scope:
        """What a token has to grant."""
        return scope.access_all(*self.permissions) if obj is None else scope.access_obj(obj, *self.permissions)


def access_rule_of(view: Callable[..., Any]) -> AccessRule | None:
    """The rule that a view declared, or None if it needs no access token."""
    return getattr(view, "access_token_rule", None)

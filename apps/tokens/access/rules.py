"""What a view declares about the access tokens that open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist, ValidationError
from django.db import DataError, models

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
        """The object that the view is about, None if it is about no one; ObjectDoesNotExist if there is no such row."""
        find: Any = self.obj
        if find is None:
            return None
        if isinstance(find, type) and issubclass(find, models.Model):
            return _row(find, kwargs)
        found: models.Model | None = find(request, *args, **kwargs)
        # Threat: a lookup that ends in .first() and finds nothing, taken for a view about no object in particular.
        if found is None:
            raise ObjectDoesNotExist
        return found

    def scope_for(self, obj: models.Model | None) -> Scope:
        """What a token has to grant."""
        return scope.access_all(*self.permissions) if obj is None else scope.access_obj(obj, *self.permissions)


def access_rule_of(view: Callable[..., Any]) -> AccessRule | None:
    """The rule that a view declared, or None if it needs no access token."""
    return getattr(view, "access_token_rule", None)


def _row(model: type[models.Model], kwargs: dict[str, Any]) -> models.Model:
    if not kwargs:
        # get() would take the only row for the one that is meant.
        raise ImproperlyConfigured(
            f'The address of this view names no {model._meta.label}. Write for example path("<int:pk>/", ...), '
            "or pass obj=a function that finds it."
        )
    try:
        return model._default_manager.get(**kwargs)
    except (ValueError, ValidationError, DataError) as error:  # letters where the key is a number, a NUL
        raise ObjectDoesNotExist from error

"""What an access token grants: permission names on everything, an app, a model or one object."""

import json
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.utils import format_number

# () is everything, then (app_label,), (app_label, model_name) and (app_label, model_name, key).
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Scope:
    """A set of (path, permission) grants. Build one with the functions below, join two with +."""

    grants: frozenset[tuple[Path, str]] = frozenset()

    def covers(self, other: "Scope") -> bool:
        """True if this scope grants everything `other` does: on the same path or on a prefix of it.

        It takes at most four look-ups for each permission asked, however many are granted.
        """
        return all(
            any((path[:depth], permission) in self.grants for depth in range(len(path)))
            for path, permission in other.grants - self.grants
        )

    def __add__(self, other: "Scope | tuple[()]") -> "Scope":
        if isinstance(other, Scope):
            return Scope(self.grants | other.grants)
        # What a loop or sum() begins with.
        return self if other == () else NotImplemented

    __radd__ = __add__

    def __bool__(self) -> bool:
        return bool(self.grants)

    def __repr__(self) -> str:
        grants = (f"{permission!r} on {_describe(path)}" for path, permission in sorted(self.grants))
        return f"<Scope: {', '.join(grants) or 'nothing'}>"


def access_obj(obj: models.Model, *permissions: str) -> Scope:
    """Grant on one saved object. A child in multi-table inheritance and its parent are two objects."""
    if not isinstance(obj, models.Model):
        raise ValueError(f"access_obj() needs a saved model instance, not {obj!r}. For all rows use access_model().")
    if obj._state.adding or None in (obj.pk if isinstance(obj.pk, tuple) else (obj.pk,)):
        raise ValueError(f"This {obj._meta.label} is not in the database, so its key may still change: save it first.")
    return _grant((*_model_path(obj), _serialize(obj._meta.pk, obj.pk)), permissions)


def access_model(model: type[models.Model], *permissions: str) -> Scope:
    """Grant on every row of a model. A proxy counts as its concrete model."""
    if not (isinstance(model, type) and issubclass(model, models.Model)):
        raise ValueError(f"access_model() needs a model class, not {model!r}. For one row use access_obj().")
    return _grant(_model_path(model), permissions)


def access_app(app_label: str, *permissions: str) -> Scope:
    """Grant on every model of an app."""
    if not isinstance(app_label, str) or not app_label:
        raise ValueError(f'access_app() needs an app label such as "auth", not {app_label!r}.')
    return _grant((app_label,), permissions)


def access_all(*permissions: str) -> Scope:
    """Grant on everything."""
    return _grant((), permissions)


def _grant(path: Path, permissions: tuple[str, ...]) -> Scope:
    for permission in permissions:
        if not isinstance(permission, str) or not permission:
            raise ValueError(f'A permission is a name such as "auth.change_user", not {permission!r}.')
    return Scope(frozenset((path, permission) for permission in permissions))


def _model_path(model: models.Model | type[models.Model]) -> Path:
    if model._meta.abstract or model._meta.concrete_model is None:
        raise ValueError(f"{model._meta.label} is abstract and has no rows: name a model that inherits from it.")
    app_label, _, model_name = model._meta.concrete_model._meta.label_lower.rpartition(".")
    return (app_label, model_name)


def _serialize(field: Any, value: Any) -> str:
    """A key as its field serializes it, the same before and after the row is read back.

    An instance keeps what it was created with: "7", Decimal("1.5"), a UUID as text. The database returns 7,
    Decimal("1.50"), a UUID. The token has to be good for both.
    """
    if isinstance(field, models.CompositePrimaryKey):
        parts = zip(field.fields, value, strict=True)
        return json.dumps([_serialize(part, part_value) for part, part_value in parts], ensure_ascii=False)
    while field.remote_field:
        field = field.target_field
    try:
        value = field.to_python(value)
    except ValidationError as error:
        raise ValueError(f"{value!r} cannot be the primary key of {field.model._meta.label}.") from error
    if isinstance(value, Decimal):
        return str(format_number(value, field.max_digits, field.decimal_places))
    return str(field.value_to_string(SimpleNamespace(**{field.attname: value})))


def _describe(path: Path) -> str:
    name, key = ".".join(path[:2]), path[2:]
    return f"{name} {key[0]!r}" if key else name or "everything"

"""Which rows a scope opens."""

import json
from typing import Any, TypeVar

from django.db import models

from .scope import Path, Scope, access_model

Row = TypeVar("Row", bound=models.Model)


def granted(queryset: models.QuerySet[Row], scope: Scope, *permissions: str) -> models.QuerySet[Row]:
    """The rows of the queryset on which the scope grants every permission."""
    wanted = access_model(queryset.model, *permissions)
    if not wanted:
        raise ValueError('Name at least one permission: rows.granted(queryset, scope, "app.permission").')
    for path, permission in wanted.grants:
        # What holds for the whole model needs no look at its rows.
        if not scope.covers(Scope(frozenset({(path, permission)}))):
            queryset = queryset.filter(pk__in=_keys(scope, path, permission, queryset.model._meta.pk))
    return queryset


def _keys(scope: Scope, model_path: Path, permission: str, field: Any) -> list[Any]:
    return [_parse(field, path[-1]) for path, name in scope.grants if name == permission and path[:-1] == model_path]


def _parse(field: Any, key: str) -> Any:
    if isinstance(field, models.CompositePrimaryKey):
        return tuple(_parse(part, text) for part, text in zip(field.fields, json.loads(key), strict=True))
    while field.remote_field:
        field = field.target_field
    return field.to_python(key)

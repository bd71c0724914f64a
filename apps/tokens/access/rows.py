"""Which rows a token opens."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from django.db import models

from . import scope
from .scope import Path, Scope

Row = TypeVar("Row", bound=models.Model)


def opened_by(granted: Scope, queryset: models.QuerySet[Row], *permissions: str) -> models.QuerySet[Row]:
    """
    The rows on which the scope grants every permission.

    In a view with ``access_token_required``:
    ``opened_by(scope_of(request.user), Issue.objects.all(), "newsletter.preview_issue")``.
    """
    wanted = scope.access_model(queryset.model, *permissions)
    if not wanted:
        raise ValueError('Rows are opened by at least one permission: opened_by(scope, queryset, "app.permission").')
    for path, permission in wanted.grants:
        # What holds for the whole model needs no look at its rows.
        if not granted.covers(Scope(frozenset({(path, permission)}))):
            queryset = queryset.filter(pk__in=_keys(granted, path, permission, queryset.model._meta.pk))
    return queryset


def _keys(granted: Scope, model_path: Path, permission: str, field: Any) -> list[Any]:
    return [
        _parse(field, path[2])
        for path, name in granted.grants
        if name == permission and len(path) == 3 and path[:2] == model_path
    ]


def _parse(field: Any, key: str) -> Any:
    if isinstance(field, models.CompositePrimaryKey):
        return tuple(_parse(part, text) for part, text in zip(field.fields, json.loads(key), strict=True))
    while field.remote_field:
        field = field.target_field
    return field.to_python(key)

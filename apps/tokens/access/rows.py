"""Which rows a token opens."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from django.db import models

from . import scope
from .scope import Scope

Row = TypeVar("Row", bound=models.Model)


def opened_by(granted: Scope, queryset: models.QuerySet[Row], *permissions: str) -> models.QuerySet[Row]:
    """The rows on which the scope grants every permission: ``opened_by(request.user..., Issue.objects.all(), "...")``."""
    model_scope = scope.access_model(queryset.model, *permissions)
    # Permissions that hold for the whole model need no look at its rows.
    on_rows = [
        (path, name) for path, name in model_scope.grants if not granted.covers(Scope(frozenset({(path, name)})))
    ]
    for path, name in on_rows:
        keys = [
            grant[2]
            for grant, granted_name in granted.grants
            if grant[:2] == path and len(grant) == 3 and granted_name == name
        ]
        queryset = queryset.filter(pk__in=[_parse(queryset.model._meta.pk, key) for key in keys])
    return queryset


def _parse(field: Any, key: str) -> Any:
    if isinstance(field, models.CompositePrimaryKey):
        return tuple(_parse(part, text) for part, text in zip(field.fields, json.loads(key), strict=True))
    while field.remote_field:
        field = field.target_field
    return field.to_python(key)

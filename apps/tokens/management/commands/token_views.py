"""List the views that accept tokens."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand

from ...declared import declared_views
from ...rules import Rule


class Command(BaseCommand):
    help = "Lists every view that accepts tokens: address, what it declares, and the line where it is written."

    def handle(self, *args: Any, **options: Any) -> None:
        for found in declared_views():
            self.stdout.write(found.address)
            for rule in found.rules:
                self.stdout.write(f"    {describe(rule)}")
            self.stdout.write(f"    {found.source}")


def describe(rule: Rule) -> str:
    """The declaration as it would be written, without what is left at its default."""
    kind = type(rule).__name__.removesuffix("Rule")
    given = [(field.name, getattr(rule, field.name), field.default) for field in fields(rule)]  # type: ignore[arg-type]
    return " ".join([kind, *(f"{name}={_short(value)}" for name, value, default in given if value != default)])


def _short(value: Any) -> str:
    return str(getattr(value, "__qualname__", None) or repr(value))

"""Which views of the project take tokens: their addresses, rules and lines."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.urls import get_resolver

from .admission import RequestTokenRule
from .rules import Callback, Rule, rules_of


@dataclass(frozen=True)
class DeclaredView:
    address: str
    """As the URLconf has it, such as "/issues/<slug:slug>/"."""
    view: Callback
    rules: tuple[Rule, ...]

    @property
    def source(self) -> str:
        """File and line, from the working directory where it lies below that."""
        return source_of(self.view)


def declared_views(resolver: Any = None, address: str = "/") -> Iterator[DeclaredView]:
    """Every view with a rule, in the order of the URLconf."""
    if resolver is None:
        if not getattr(settings, "ROOT_URLCONF", None):
            return
        resolver = get_resolver()
    for pattern in resolver.url_patterns:
        here = address + str(pattern.pattern).removeprefix("^")
        if hasattr(pattern, "url_patterns"):
            yield from declared_views(pattern, here)
        elif rules_of(pattern.callback):
            yield DeclaredView(here, pattern.callback, rules_of(pattern.callback))


@register(Tags.urls)
def check_sign_in_by_get(**kwargs: Any) -> list[CheckMessage]:
    # Threat: an email scanner that follows a sign-in link uses it up. Only for tokens that sign in does confirm=False
    # differ from the default.
    hint = 'Leave confirm=False out, or allow only the button: methods=["POST"].'
    message = "A GET of {0.__module__}.{0.__qualname__} signs in at once, and so does an email scanner."
    return [
        Warning(message.format(found.view), hint, id="tokens.W002")
        for found in declared_views()
        for rule in found.rules
        if isinstance(rule, RequestTokenRule)
        if rule.confirm is False and "GET" in (rule.methods_of(found.view) or ["GET"])
    ]


def source_of(view: Callback) -> str:
    """The file and line where this view is written; its module where that cannot be found."""
    # Of a class-based view its class; of a decorated one what the decorators were put on.
    written: Any = getattr(view, "view_class", None) or inspect.unwrap(view)
    try:
        file, line = inspect.getsourcefile(written) or "", inspect.getsourcelines(written)[1]
    except (OSError, TypeError):  # a partial, or code without source
        return str(getattr(view, "__module__", ""))
    path = Path(file)
    return f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{line}"

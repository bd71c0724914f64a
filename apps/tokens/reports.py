"""
Error reports without tokens: Django's emails to ADMINS and its page for exceptions when DEBUG is on.

    DEFAULT_EXCEPTION_REPORTER = "apps.tokens.reports.TokenlessReporter"
    DEFAULT_EXCEPTION_REPORTER_FILTER = "apps.tokens.reports.TokenlessReporterFilter"

Django asks a filter for less than it prints: not for the address, the query or the text of the exception. So the
reporter hides tokens in the report as a whole; the filter, which also holds for a reporter of your own, hides them in
what it is asked for, and the keys that sign them.
"""

from __future__ import annotations

import re
from collections.abc import ItemsView
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from .log_filters import hide_tokens

# Names of variables, as signing.py has them, whose values sign or open links.
SECRET_NAMES = re.compile(r"secret|key|jwt|password|encoded|token$", re.IGNORECASE)


class TokenlessReporter(ExceptionReporter):
    def get_traceback_html(self) -> SafeString:
        return mark_safe(hide_tokens(super().get_traceback_html()))  # noqa: S308  it was safe before

    def get_traceback_text(self) -> SafeString:
        return mark_safe(hide_tokens(super().get_traceback_text()))  # noqa: S308


class TokenlessReporterFilter(SafeExceptionReporterFilter):
    # Also with DEBUG: a page that is shown to somebody, or copied into a ticket, has the link in it all the same.

    def get_safe_request_meta(self, request: Any) -> dict[str, Any]:
        return {name: _hidden(value) for name, value in super().get_safe_request_meta(request).items()}

    def get_post_parameters(self, request: Any) -> Any:
        # In pairs, since the name says which value is a token.
        return _without_tokens(super().get_post_parameters(request))

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return {name: self._cleansed(name, value) for name, value in variables}.items()

    def _cleansed(self, name: str, value: Any) -> Any:
        if isinstance(value, (str, bytes)) and SECRET_NAMES.search(name):
            return self.cleansed_substitute
        return _hidden(value)


class Hidden:
    """Stands in a report for a value whose own repr has a token in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return hide_tokens(value)
    try:
        text = repr(value)
    except Exception:  # the reporter says so itself
        return value
    hidden = hide_tokens(text)
    return value if hidden == text else Hidden(hidden)


def _without_tokens(items: Any) -> Any:
    if not isinstance(items, MultiValueDict):
        return items
    hidden = MultiValueDict(dict(items.lists()))
    for name, value in items.items():
        if hide_tokens(f"?{name}={value}") != f"?{name}={value}":
            hidden[name] = "***"
    return hidden

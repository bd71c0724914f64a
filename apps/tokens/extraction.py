"""Find the token in a request: the query string of any request, the body only where it was asked for."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest

from .conf import token_settings


def token_in_query(request: HttpRequest) -> str | None:
    """The request token in the query string, or None."""
    # Every page passes here: without a query no setting is read, without our name nothing is parsed.
    if not request.META.get("QUERY_STRING"):
        return None
    return _parameter(request, token_settings.REQUEST_TOKEN_QUERYSTRING)


def access_token_in_query(request: HttpRequest) -> str | None:
    """The access token in the query string, or None."""
    if not request.META.get("QUERY_STRING"):
        return None
    return _parameter(request, token_settings.ACCESS_TOKEN_QUERYSTRING)


def token_in_body(request: HttpRequest) -> Any:
    """
    The token of a form field or JSON member, which may be no string; None if there is none.

    Reads the body: call it only for a view that declared a scope.
    """
    name = token_settings.REQUEST_TOKEN_QUERYSTRING
    if request.content_type != "application/json":
        token = request.POST.get(name) or None
    # Threat: a GET is cached by its address alone, and a body is not part of that.
    elif request.method in ("GET", "HEAD"):
        token = None
    else:
        token = _json_member(request, name)
    if token is not None:
        request._token_in_body = True  # type: ignore[attr-defined]
    return token


def carries_token(request: HttpRequest) -> bool:
    """True if a token came with the request, good or bad, wherever it was looked for."""
    return (
        hasattr(request, "_token_in_body")
        or token_in_query(request) is not None
        or access_token_in_query(request) is not None
    )


def _json_member(request: HttpRequest, name: str) -> Any:
    try:
        document = json.loads(request.body)
    # Threat: a body nested a thousand deep, or bytes that are no text. Whatever else it is, it is no token.
    except (ValueError, RecursionError):
        return None
    return document.get(name) or None if isinstance(document, dict) else None


def _parameter(request: HttpRequest, name: str) -> str | None:
    return (name in request.META["QUERY_STRING"] and request.GET.get(name)) or None

"""Put a token into a URL and take it out again, leaving every other byte as it was."""

from __future__ import annotations

from urllib.parse import unquote_plus, urlencode

from .conf import token_settings


def add_token(url: str, token: str) -> str:
    """The URL with the token as its query parameter; one that was there before is replaced."""
    return replace_parameter(url, token_settings.REQUEST_TOKEN_QUERYSTRING, token)


def remove_token(url: str) -> str:
    """The same address without its token."""
    return replace_parameter(url, token_settings.REQUEST_TOKEN_QUERYSTRING, None)


def replace_parameter(url: str, name: str, value: str | None) -> str:
    """The URL with one parameter set to a new value, or without it."""
    # Not parse_qs and urlencode: they drop blank values, and rewrite %20, ";" and stray bytes.
    base, hash_mark, fragment = url.partition("#")
    path, _, query = base.partition("?")
    parts = [part for part in query.split("&") if unquote_plus(part.partition("=")[0]) != name] if query else []
    if value is not None:
        parts.append(urlencode({name: value}))
    query = "&".join(parts)
    return path + ("?" + query if query else "") + hash_mark + fragment

"""Put a token into a URL and take it out again, leaving every other byte as it was."""

from urllib.parse import unquote_plus, urlencode

from .conf import token_settings


def add_token(url: str, token: str) -> str:
    """The URL with the token as its query parameter; one that was there before is replaced."""
    return _edit(url, [urlencode({token_settings.REQUEST_TOKEN_QUERYSTRING: token})])


def remove_token(url: str) -> str:
    """The same address without its token."""
    return _edit(url, [])


def _edit(url: str, added: list[str]) -> str:
    # Not parse_qs and urlencode: they drop blank values, and rewrite %20, ";" and stray bytes.
    name = token_settings.REQUEST_TOKEN_QUERYSTRING
    base, hash_mark, fragment = url.partition("#")
    path, _, query = base.partition("?")
    kept = [part for part in query.split("&") if part and unquote_plus(part.partition("=")[0]) != name]
    query = "&".join(kept + added)
    return path + ("?" + query if query else "") + hash_mark + fragment

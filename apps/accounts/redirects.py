"""Where to go after signing in."""

import unicodedata
from urllib.parse import unquote

from django.utils.http import url_has_allowed_host_and_scheme

from apps.tokens.links import remove_token


def safe_path(url: str) -> str:
    """The path if it stays on this site, an empty string if not. A token in it is taken out."""
    # Threats: //host and \\host leave the site; a control character, also one written as %0d, ends a
    # header or hides the two before it from a check; a token here would be kept and shown to staff.
    if not all(_stays_here(candidate) for candidate in (url, unquote(url))):
        return ""
    return remove_token(url)


def _stays_here(url: str) -> bool:
    return (
        url.startswith("/")
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
        and not any(unicodedata.category(character) == "Cc" for character in url)
    )

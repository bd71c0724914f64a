"""The app's settings, read on use: environment variable, then Django setting, then default."""

import os
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


class TokenSettings:
    """One property per setting. A bad value raises ImproperlyConfigured with the line to write."""

    @property
    def REQUEST_TOKEN_QUERYSTRING(self) -> str:
        """The name of the query parameter (form field, JSON member) that carries a request token."""
        return _read_word("REQUEST_TOKEN_QUERYSTRING", "rt")

    @property
    def ACCESS_TOKEN_QUERYSTRING(self) -> str:
        """The name of the query parameter that carries an access token; another one, for a link may have both."""
        return _read_word("ACCESS_TOKEN_QUERYSTRING", "at")

    @property
    def REQUEST_TOKEN_REALM(self) -> str:
        """Goes into the key of every token: links of one realm are forged in another. Text, or a callable."""
        realm = _read("REQUEST_TOKEN_REALM", "")
        if callable(realm):
            realm = realm()
        if not isinstance(realm, str):
            raise _wrong("REQUEST_TOKEN_REALM", "text, or a callable that returns text", '"tenant-a"')
        return realm

    @property
    def REQUEST_TOKEN_EXPIRY(self) -> int:
        """Minutes that a SESSION token lives, by default and at most."""
        value = _read("REQUEST_TOKEN_EXPIRY", 10)
        try:
            minutes = int(value)
        except (TypeError, ValueError):
            minutes = 0
        if minutes < 1 or isinstance(value, bool):
            raise _wrong("REQUEST_TOKEN_EXPIRY", "a whole number of minutes, 1 or more", "10")
        return minutes

    @property
    def REQUEST_TOKEN_403_TEMPLATE(self) -> str:
        """The template that tells a visitor why a link was refused."""
        name = _read("REQUEST_TOKEN_403_TEMPLATE", "tokens/403.html")
        if not isinstance(name, str) or not name:
            raise _wrong("REQUEST_TOKEN_403_TEMPLATE", "the name of a template", '"tokens/403.html"')
        return name

    @property
    def REQUEST_TOKEN_DISABLE_LOGS(self) -> bool:
        """True writes no RequestTokenLog rows; uses are counted all the same."""
        value = _read("REQUEST_TOKEN_DISABLE_LOGS", False)
        if isinstance(value, str):
            value = _BOOLEANS.get(value.strip().lower())
        if not isinstance(value, bool):
            raise _wrong("REQUEST_TOKEN_DISABLE_LOGS", "true or false", "False")
        return value


def _read(name: str, default: Any) -> Any:
    # An empty variable counts as unset, as it does in a .env file with "NAME=".
    value = os.environ.get(name)
    if value:
        return value
    # Asked first, since Django takes five times as long to find that a setting is missing.
    return getattr(settings, name, default) if settings.is_overridden(name) else default  # type: ignore[misc]


def _read_word(name: str, default: str) -> str:
    word = _read(name, default)
    if not isinstance(word, str) or not word.isascii() or not word.replace("_", "").isalnum():
        raise _wrong(name, "a word of ASCII letters, digits and _", f'"{default}"')
    return word


def _wrong(name: str, what: str, example: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} must be {what}. Write for example: {name} = {example}")


token_settings = TokenSettings()

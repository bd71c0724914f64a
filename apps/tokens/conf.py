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
    def REQUEST_TOKEN_EXPIRY(self) -> int:
        """Minutes that a SESSION token lives, by default and at most."""
        minutes = str(_read("REQUEST_TOKEN_EXPIRY", 10)).strip()
        if not minutes.isascii() or not minutes.isdecimal() or int(minutes) < 1:
            raise _wrong("REQUEST_TOKEN_EXPIRY", "a whole number of minutes, 1 or more", "10")
        return int(minutes)

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
        value = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else value
        if not isinstance(value, bool):
            raise _wrong("REQUEST_TOKEN_DISABLE_LOGS", "true or false", "False")
        return value

    @property
    def REQUEST_TOKEN_REALM(self) -> str:
        """Part of every signature, such as a tenant's name: a link made in one realm counts as forged in another."""
        # Threat: one schema per tenant. Each has a user 1, and the link of one would sign in that of another.
        value = _read("REQUEST_TOKEN_REALM", "")
        realm = value() if callable(value) else value
        if not isinstance(realm, str):
            what = "text, or in Django settings a callable that returns text"
            raise _wrong("REQUEST_TOKEN_REALM", what, "lambda: connection.schema_name")
        return realm


def secret_keys() -> list[str | bytes]:
    """The key that signs, then the retired ones that still verify."""
    # Threat: the empty fallback that "".split(",") leaves behind. Anybody can sign with an empty key.
    return [key for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS) if key]


def _read(name: str, default: Any) -> Any:
    # An empty variable counts as unset, as it does in a .env file with "NAME=".
    if value := os.environ.get(name):
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

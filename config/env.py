"""Environment variables, read strictly: a value is understood, or the start stops and says what it must be."""

import os
import re
from collections.abc import Iterable
from email.utils import parseaddr
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
REQUIRED: Any = object()
Default = TypeVar("Default")


def read_str(name: str, default: Any = REQUIRED) -> Any:
    """The value without blanks around it; ``NAME=`` counts as unset."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is REQUIRED:
        raise ImproperlyConfigured(f"{name} is not set. Write it into .env or export it; .env.example explains it.")
    return default


def read_secret_key(name: str) -> str:
    """The key that signs everything. There is no default: a published key protects nothing."""
    value: str | None = read_str(name, None)
    if value is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Make a key with\n\n"
            '    python -c "import secrets; print(secrets.token_urlsafe(50))"\n\n'
            f"and write it into .local/.env as {name}=... or export it."
        )
    return value


def read_bool(name: str, default: bool) -> bool:
    """True or false. A typo is an error: read as False it would switch something unseen."""
    value = read_str(name, None)
    return default if value is None else parse_bool(name, value)


def parse_bool(name: str, value: str) -> bool:
    """True or false, as it is written in ``value``; ``name`` is for the message."""
    if value.lower() not in BOOLEANS:
        raise ImproperlyConfigured(
            f"{name} must be true or false (or yes/no, on/off, 1/0), not {value!r}. "
            "A comment belongs on a line of its own."
        )
    return BOOLEANS[value.lower()]


def read_int(name: str, default: Default, *, minimum: int = 0) -> int | Default:
    """A whole number, not below ``minimum``."""
    value = read_str(name, None)
    if value is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", value) or int(value) < minimum:
        raise ImproperlyConfigured(f"{name} must be a whole number from {minimum} up, not {value!r}.")
    return int(value)


def read_list(name: str, default: Iterable[str] = ()) -> list[str]:
    """Items between commas, each stripped; empty ones are dropped."""
    items = [item.strip() for item in os.environ.get(name, "").split(",")]
    return [item for item in items if item] or list(default)


def read_hosts(name: str, default: Iterable[str] = ()) -> list[str]:
    """A list of host names as ``ALLOWED_HOSTS`` takes them."""
    hosts = read_list(name, default)
    for host in hosts:
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]", host):
            raise ImproperlyConfigured(
                f"{name} may list host names between commas, without http:// and port, not {host!r}."
            )
    return hosts


def read_choice(name: str, default: str, choices: Iterable[str]) -> str:
    """One of ``choices``, in upper or lower case."""
    spellings = {choice.lower(): choice for choice in choices}
    value = read_str(name, default)
    if value.lower() not in spellings:
        raise ImproperlyConfigured(f"{name} must be {', '.join(spellings.values())}, not {value!r}.")
    return spellings[value.lower()]


def read_time_zone(name: str, default: str) -> str:
    """A time zone by its name in the IANA database."""
    value: str = read_str(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        raise ImproperlyConfigured(f"{name} must be a time zone such as Europe/Vienna, not {value!r}.") from None
    return value


def read_sender(name: str, default: str) -> str:
    """The sender of emails: an address, with or without a name before it."""
    value: str = read_str(name, default)
    try:
        # Django refuses an email with a line break in a header only when it is sent.
        validate_email(parseaddr(value)[1] if value.isprintable() else "")
    except ValidationError:
        raise ImproperlyConfigured(
            f"{name} must be an address, or a name and an address such as News <news@example.com>, not {value!r}."
        ) from None
    return value


def read_site_url(name: str, default: Any = REQUIRED) -> str:
    """Where the site lives, without a slash at the end: every link in an email begins with it."""
    value: str = read_str(name, default)
    try:
        port = urlsplit(value).port
    except ValueError:
        port = 0
    if port == 0 or not re.fullmatch(r"https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?/?", value):
        # Not quoted: an address that does not fit may have a password in it.
        raise ImproperlyConfigured(
            f"{name} must be an address such as https://www.example.com: http:// or https://, the host, "
            "perhaps a port, and nothing after it."
        )
    return value.rstrip("/")

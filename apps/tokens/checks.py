"""System checks: each finds one mistake in a project's settings, and its hint is the line to write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.module_loading import import_string

from .conf import token_settings

MIDDLEWARE = f"{__package__}.middleware.RequestTokenMiddleware"
MUST_COME_BEFORE = {
    "tokens.E002": "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Threat: a token used, and a visitor signed in, by a form on somebody else's site.
    "tokens.E003": "django.middleware.csrf.CsrfViewMiddleware",
}
MUST_COME_AFTER = {"tokens.E004": "django.contrib.auth.middleware.LoginRequiredMiddleware"}
SHORTEST_KEY = 32


@register(Tags.security)
def check_middleware_is_installed(**kwargs: Any) -> list[CheckMessage]:
    if _position(MIDDLEWARE) is not None:
        return []
    hint = f'Add "{MIDDLEWARE}" to MIDDLEWARE, after "{MUST_COME_BEFORE["tokens.E002"]}".'
    return [Error("RequestTokenMiddleware is not in MIDDLEWARE: every view that takes tokens fails.", hint, id="tokens.E001")]


@register(Tags.security)
def check_middleware_order(**kwargs: Any) -> list[CheckMessage]:
    return list(_misplaced())


@register(Tags.security)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in (name for name in dir(type(token_settings)) if name.startswith("REQUEST_TOKEN_")):
        try:
            getattr(token_settings, name)
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id="tokens.E005"))
    return found


@register(Tags.templates)
def check_refusal_template(**kwargs: Any) -> list[CheckMessage]:
    try:
        get_template(token_settings.REQUEST_TOKEN_403_TEMPLATE)
    except TemplateDoesNotExist as error:
        hint = 'Set "APP_DIRS": True in TEMPLATES, or REQUEST_TOKEN_403_TEMPLATE to a template that exists.'
        return [Error(f"The page for refused links, {error}, is not found.", hint, id="tokens.E006")]
    except ImproperlyConfigured:
        return []  # tokens.E005, or a TEMPLATES setting that Django's own checks report
    return []


@register(Tags.security, deploy=True)
def check_key_strength(**kwargs: Any) -> list[CheckMessage]:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # RFC 7518 section 3.2: a key for HS256 has the size of its hash at least.
    if all(len(key) >= SHORTEST_KEY for key in keys):
        return []
    hint = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    message = f"SECRET_KEY or one of SECRET_KEY_FALLBACKS has fewer than {SHORTEST_KEY} characters: links can be forged."
    return [Warning(message, hint, id="tokens.W001")]


def _misplaced() -> Iterator[CheckMessage]:
    ours = _position(MIDDLEWARE)
    if ours is None:
        return
    for check_id, path in MUST_COME_BEFORE.items():
        theirs = _position(path)
        if theirs is None and check_id == "tokens.E002":
            yield Error(f"RequestTokenMiddleware needs {path}.", f'Add "{path}" to MIDDLEWARE, before "{MIDDLEWARE}".', id=check_id)
        elif theirs is not None and theirs > ours:
            yield Error(f"RequestTokenMiddleware runs too early.", f'In MIDDLEWARE, move "{MIDDLEWARE}" below "{path}".', id=check_id)
    for check_id, path in MUST_COME_AFTER.items():
        theirs = _position(path)
        if theirs is not None and theirs < ours:
            yield Error(f"RequestTokenMiddleware runs too late.", f'In MIDDLEWARE, move "{MIDDLEWARE}" above "{path}".', id=check_id)


def _position(path: str) -> int | None:
    """Where MIDDLEWARE has this class or a subclass of it."""
    wanted = import_string(path)
    for index, entry in enumerate(settings.MIDDLEWARE):
        try:
            found = import_string(entry)
        except ImportError:  # Django says so itself when it loads the middleware
            continue
        if found is wanted or (isinstance(found, type) and issubclass(found, wanted)):
            return index
    return None

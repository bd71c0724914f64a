"""System checks: each finds one mistake in a project's settings, and its hint is the line to write."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.module_loading import import_string

from .conf import secret_keys, token_settings
from .models import RequestToken

OURS = f"{__package__}.middleware.RequestTokenMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"

# RFC 7518 section 3.2: a key for HS256 has the size of its hash at least.
SHORTEST_KEY = 32


@register(Tags.security)
def check_middleware_is_installed(**kwargs: Any) -> list[CheckMessage]:
    count = settings.MIDDLEWARE.count(OURS)
    if count > 1:
        hint = f'Leave one "{OURS}" in MIDDLEWARE: the second would find every single-use link used up.'
        return [Error("RequestTokenMiddleware is in MIDDLEWARE more than once.", hint, id="tokens.E008")]
    if _position(OURS) is not None:
        return []
    hint = f'Add "{OURS}" to MIDDLEWARE, after "{AUTHENTICATION}".'
    return [Error("Views that take tokens fail without RequestTokenMiddleware.", hint, id="tokens.E001")]


@register(Tags.security)
def check_order_of_middleware(**kwargs: Any) -> list[CheckMessage]:
    # Threat of E003: a token used up, and a visitor signed in, by a form on somebody else's site.
    unsigned = Error("RequestTokenMiddleware needs to know who is signed in before it.", id="tokens.E002")
    if _position(AUTHENTICATION) is None:
        unsigned.hint = f'Add "{AUTHENTICATION}" to MIDDLEWARE, before "{OURS}".'
        return [unsigned]
    return [
        *_in_order(AUTHENTICATION, OURS, unsigned),
        *_in_order(CSRF, OURS, Error("RequestTokenMiddleware acts before the CSRF check.", id="tokens.E003")),
        *_in_order(OURS, LOGIN_REQUIRED, Error("Visitors are sent away before their token is read.", id="tokens.E004")),
    ]


@register(Tags.security)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in (name for name in dir(token_settings) if name.isupper()):
        try:
            getattr(token_settings, name)
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id="tokens.E005"))
        except Exception:  # noqa: S112  # a realm of yours that knows no tenant here
            continue
    if not found and token_settings.ACCESS_TOKEN_QUERYSTRING == token_settings.REQUEST_TOKEN_QUERYSTRING:
        hint = 'Write for example: ACCESS_TOKEN_QUERYSTRING = "at"'
        found.append(Error("Request tokens and access tokens have the same query parameter.", hint, id="tokens.E007"))
    return found


@register(Tags.database)
def check_tokens_lie_with_users(**kwargs: Any) -> list[CheckMessage]:
    if router.db_for_write(RequestToken) == router.db_for_write(get_user_model()):
        return []
    hint = "In your database router, send the app of the tokens where AUTH_USER_MODEL goes."
    message = "Tokens and users are written to different databases, and a foreign key cannot cross them."
    return [Error(message, hint, id="tokens.E009")]


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
    if all(len(key) >= SHORTEST_KEY for key in secret_keys()):
        return []
    hint = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    message = f"Links can be forged: SECRET_KEY or a fallback has fewer than {SHORTEST_KEY} characters."
    return [Warning(message, hint, id="tokens.W001")]


def _in_order(first: str, second: str, error: CheckMessage) -> list[CheckMessage]:
    """The error, with the move to make for a hint, if both are installed the other way round."""
    one, two = _position(first), _position(second)
    if one is None or two is None or one < two:
        return []
    where = f'below "{first}"' if second == OURS else f'above "{second}"'
    error.hint = f'In MIDDLEWARE, move "{OURS}" {where}.'
    return [error]


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

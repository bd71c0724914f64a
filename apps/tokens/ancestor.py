"""
Links that django-request-token has sent: they are let in until the day that REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL names.

``manage.py import_request_tokens`` copies their rows. When the day is over, delete both files and what names them.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timezone
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from .conf import token_settings

UNTIL = "REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL"

# On an imported row in account_fingerprint, which only SESSION tokens use otherwise; and in every claim of its links.
IMPORTED = "request_token"


def is_let_in() -> bool:
    """True up to and on that day, in UTC."""
    until = _last_day()
    # Its links know nothing of realms.
    return until is not None and not token_settings.REQUEST_TOKEN_REALM and datetime.now(timezone.utc).date() <= until


def translated(claims: Any) -> Any:
    """Its claims as ours: "jti" was a number once, and a token that signs nobody in could name a user."""
    if not isinstance(claims, dict):
        return claims
    # Threat: whatever else of the project is signed with the bare SECRET_KEY. This mark has to be on the row as well,
    # and only the import puts it there.
    claims = {**claims, "src": IMPORTED, "jti": str(claims.get("jti"))}
    if claims.get("mod") == "n":
        claims.pop("aud", None)
    return claims


def _last_day() -> date | None:
    value = os.environ.get(UNTIL) or getattr(settings, UNTIL, None)
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        raise ImproperlyConfigured(f'{UNTIL} must be a day. Write for example: {UNTIL} = "2027-03-31"') from None


@register(Tags.security)
def check_settings_of_ancestor(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        _last_day()
    except ImproperlyConfigured as error:
        found.append(Error(str(error), id="tokens.E005"))
    name = "REQUEST_TOKEN_DEFAULT_MAX_USES"
    if hasattr(settings, name):
        hint = f"Remove {name}, and give max_uses to create_token: without it a token works once."
        found.append(Warning(f"{name} means nothing here.", hint, id="tokens.W003"))
    return found

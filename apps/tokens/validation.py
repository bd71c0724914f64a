"""What a token may be. The database holds the same rules as constraints, for rows written by other ways."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .conf import token_settings

if TYPE_CHECKING:
    from .models import RequestToken


def clean(token: RequestToken) -> None:
    """Fill in what the login mode implies and raise ValidationError for what it forbids."""
    token.data = {} if token.data is None else token.data
    _clean_data(token)
    _clean_times(token)
    if token.max_uses == 0:
        raise ValidationError({"max_uses": _("A token needs one use at least; leave it empty for no limit.")})
    if token.login_mode == token.LoginMode.NONE:
        if token.user_id is not None:
            raise ValidationError({"user": _("A token of mode None acts for nobody: leave the user out.")})
        return
    if token.user_id is None:
        raise ValidationError({"user": _("A token of mode Request or Session needs a user.")})
    if token.login_mode == token.LoginMode.SESSION:
        _clean_session(token)


def _clean_data(token: RequestToken) -> None:
    try:
        text = json.dumps(token.data, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, TypeError, RecursionError):
        text = "\\u0000"
    # NaN, half a surrogate pair and NUL: some databases keep them, some do not.
    if "\\u0000" in text:
        raise ValidationError({"data": _("The payload must be JSON (RFC 8259) without NUL characters.")})


def _clean_times(token: RequestToken) -> None:
    for name in ("not_before_time", "expiration_time"):
        moment = getattr(token, name)
        if moment is not None and timezone.is_naive(moment) != timezone.is_naive(token.issued_at):
            raise ValidationError({name: _("Give a time with a time zone if USE_TZ is on, and without if it is off.")})


def _clean_session(token: RequestToken) -> None:
    if token.max_uses != 1:
        raise ValidationError({"max_uses": _("A token of mode Session works once: max_uses must be 1.")})
    latest = token.issued_at + timedelta(minutes=token_settings.REQUEST_TOKEN_EXPIRY)
    token.expiration_time = token.expiration_time or latest
    if token.expiration_time > latest:
        raise ValidationError(
            {"expiration_time": _("A token of mode Session may not live longer than REQUEST_TOKEN_EXPIRY minutes.")}
        )

"""
What the links of this app carry in ``token.data``, read back with suspicion.

Staff can edit the payload in the admin, and an older release may have written it: each function returns an empty value
where it finds something else.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from apps.site.addresses import read_address
from apps.site.http import User


def inviter_name(data: Any) -> str:
    """The name to greet a visitor with."""
    return _text(data, "name")[:60]


def confirmed_email(data: Any) -> str:
    """The address that asked for a subscription."""
    return read_address(_text(data, "email"))


def referrer(data: Any) -> User | None:
    """The member whose invitation was followed, while that account lives."""
    key = _text(data, "referrer")
    if not key:
        return None
    try:
        return get_user_model().objects.filter(pk=key, is_active=True).first()
    except (ValidationError, ValueError, OverflowError):
        return None


def _text(data: Any, key: str) -> str:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""

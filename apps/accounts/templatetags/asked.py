from typing import Any

from django import template

from apps.accounts.models import SignInRequest

register = template.Library()


@register.filter
def asked(token: Any) -> SignInRequest | None:
    """Which browser asked for this token; None for a link made by hand, and for no token."""
    return getattr(token, "asked", None)

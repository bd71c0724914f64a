"""What the links of this app have in common."""

from typing import TypeGuard

from apps.tokens.exceptions import TokenError
from apps.tokens.models import RequestToken


def is_usable(token: RequestToken | None) -> TypeGuard[RequestToken]:
    """True if a click on the token's link would be admitted now. No query."""
    if token is None:
        return False
    try:
        token.check_usable()
    except TokenError:
        return False
    return True

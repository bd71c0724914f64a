from __future__ import annotations

from datetime import timedelta

from ..conf import token_settings
from ..links import replace_parameter
from . import tokens
from .scope import Scope


def access_url(url: str, scope: Scope, *, expires_in: timedelta | float | None = None, state: str | None = None) -> str:
    """The URL with a new access token for this scope; other parameters and the fragment stay as they are."""
    token = tokens.generate(scope, expires_in=expires_in, state=state)
    return replace_parameter(url, token_settings.ACCESS_TOKEN_QUERYSTRING, token)

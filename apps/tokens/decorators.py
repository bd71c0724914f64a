"""``use_request_token`` declares which tokens a view takes; RequestTokenMiddleware enforces it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from .admission import enter
from .models import RequestToken
from .rules import Rule, View, declare


class TokenRequest(HttpRequest):
    """For signatures: what a view with ``required=True`` gets. Elsewhere ask ``hasattr(request, "token")``."""

    token: RequestToken


def use_request_token(
    *, scope: str, required: bool = False, confirm: bool | str | None = None, ignore_session: bool = False
) -> Callable[[View], View]:
    """
    A decorator for views that take a token of this scope.

    ``required``: without a token the view answers 403. ``confirm``: a GET shows a page with one
    button and only the POST runs the view; True, False, or the template of that page; by default
    for tokens that sign in. ``ignore_session``: serve the token's user whoever is signed in.
    """
    rule = Rule(scope, required, confirm, ignore_session)

    def decorator(view: View) -> View:
        return declare(view, "request_token_rule", rule, lambda request: enter(request, rule))

    return decorator

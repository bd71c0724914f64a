"""``use_request_token`` declares which tokens a view takes; RequestTokenMiddleware enforces it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.http import HttpRequest

from .admission import Again, Confirm, RequestTokenRule
from .models import RequestToken
from .rules import View, declare


class TokenRequest(HttpRequest):
    """
    For signatures: what a view with ``required=True`` gets. Elsewhere ask ``hasattr(request, "token")``.

    ``user`` stays Django's, for in mode NONE it is whoever is signed in; in the others add ``user: YourUser``.
    """

    token: RequestToken


def use_request_token(
    *,
    scope: str,
    required: bool = False,
    confirm: Confirm = None,
    ignore_session: bool = False,
    methods: Collection[str] | None = None,
    again: Again | None = None,
) -> Callable[[View], View]:
    """
    A decorator for views that take a token of this scope.

    ``required``: without a token the view answers 403. ``ignore_session``: serve the token's user whoever is signed in.

    ``confirm``: a GET shows a page with one button and only the POST runs the view. True, False, or the template of
    that page; by default True for tokens that sign in. Or a function of request and token that returns one of these or
    raises a TokenError: asked after every check, on every method but HEAD, OPTIONS and prefetches; it changes nothing.

    ``methods``: another method gets 405 before a use is taken; by default any, or the handlers of a class-based view.

    ``again``: a function of request and token, asked in place of the refusal when the token is used up. Its response
    is sent; None shows the page.
    """
    return declare(RequestTokenRule(scope, required, confirm, ignore_session, methods, again))

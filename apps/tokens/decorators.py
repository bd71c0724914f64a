"""
``use_request_token`` declares which tokens a view takes; RequestTokenMiddleware enforces it.

As with Django's ``csrf_exempt``, the declaration is an attribute of the view, so it holds in any
order of decorators, on sync and async views, and on ``dispatch`` by way of ``method_decorator``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import ImproperlyConfigured

from .admission import is_enforced
from .rules import ATTRIBUTE, Rule, rule_of

View = TypeVar("View", bound=Callable[..., Any])


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

    def declare(view: View) -> View:
        if rule_of(view) is not None:
            raise ValueError(f"{view!r} declares a request token already; a view takes one scope.")

        @wraps(view)
        def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            # Threat: a view that trusts a check which never ran. It fails closed, for every visitor.
            if not is_enforced(request, rule):
                raise ImproperlyConfigured(_NOT_ENFORCED)
            return view(request, *args, **kwargs)

        setattr(wrapper, ATTRIBUTE, rule)
        if iscoroutinefunction(view):
            markcoroutinefunction(wrapper)
        return wrapper  # type: ignore[return-value]

    return declare


_NOT_ENFORCED = (
    "This view takes request tokens, but nothing has checked this request. Either add "
    f'"{__package__}.middleware.RequestTokenMiddleware" to MIDDLEWARE, after '
    '"django.contrib.auth.middleware.AuthenticationMiddleware"; or, on a class-based view, decorate '
    'dispatch: @method_decorator(use_request_token(scope="..."), name="dispatch").'
)

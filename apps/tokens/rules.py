"""
What a view declares about the tokens it takes: the note that decorators leave for the middleware.

As with Django's ``csrf_exempt`` the note is an attribute of the view, so it holds in any order of
decorators, on sync and async views, and on ``dispatch`` by way of ``method_decorator``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import isawaitable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import ImproperlyConfigured

from .privacy import keep_private

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    scope: str
    required: bool = False
    confirm: bool | str | None = None
    ignore_session: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.scope, str) or not self.scope:
            raise ValueError('A view that takes request tokens needs a scope, such as "newsletter.unsubscribe".')
        if self.confirm == "":
            raise ValueError("confirm is True, False, None or the name of a template, not an empty string.")

    def confirm_template(self, *, signs_in: bool) -> str | None:
        """The page to show before anything happens, or None to go straight to the view."""
        if isinstance(self.confirm, str):
            return self.confirm
        asks = signs_in if self.confirm is None else self.confirm
        return "tokens/confirm.html" if asks else None


def rule_of(view: Callable[..., Any]) -> Rule | None:
    """The rule that a view declared, or None if it takes no request tokens."""
    return getattr(view, "request_token_rule", None)


def declare(view: View, attribute: str, rule: object, enter: Callable[[Any], bool]) -> View:
    """The view with the rule on it; it runs only if ``enter`` says that the middleware has let the request in by it."""
    if getattr(view, attribute, None) is not None:
        raise ValueError(f"{view!r} declares a {attribute} already, and a view has one.")

    @wraps(view)
    def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
        # Threat: a view that trusts a check which never ran. It fails closed, for every visitor.
        if not enter(request):
            raise ImproperlyConfigured(_NOT_ENFORCED)
        response = view(request, *args, **kwargs)
        # Threat: a cache between this view and the middleware, such as cache_page, keeps a private page.
        return _private_later(request, response) if isawaitable(response) else keep_private(request, response)

    setattr(wrapper, attribute, rule)
    if iscoroutinefunction(view):
        markcoroutinefunction(wrapper)
    return wrapper  # type: ignore[return-value]


async def _private_later(request: Any, response: Any) -> Any:
    return keep_private(request, await response)


_NOT_ENFORCED = (
    "This view takes tokens, but nothing has checked this request. Either add "
    f'"{__package__}.middleware.RequestTokenMiddleware" to MIDDLEWARE, after '
    '"django.contrib.auth.middleware.AuthenticationMiddleware"; or, on a class-based view, decorate '
    'dispatch: @method_decorator(use_request_token(scope="..."), name="dispatch").'
)

"""
The one mechanism behind every decorator of this app: a view declares a rule, the middleware lets requests in by it.

As with Django's ``csrf_exempt`` the rule is an attribute of the view, so it holds in any order of decorators, on sync
and async views, and on ``dispatch`` by way of ``method_decorator``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import wraps
from inspect import isawaitable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError

from .conf import token_settings

Callback = Callable[..., Any]
View = TypeVar("View", bound=Callback)
Response = TypeVar("Response", bound=HttpResponseBase)


class Rule:
    """What a view declares about the tokens it takes; each kind of token has a subclass."""

    # Whether letting a request in takes something: such a rule is asked last, when no other can refuse any more.
    takes_a_use = False

    def before_view(self, request: HttpRequest, view: Callback, args: Any, kwargs: Any) -> Pass | HttpResponse:
        """The pass that lets the request in, or the response to send instead of the view's."""
        raise NotImplementedError


class Pass:
    """One request, let in by one rule."""

    has_entered = False

    def begin(self, request: HttpRequest) -> None:
        """Called when every rule of the view has let the request in."""

    def after_view(self, request: HttpRequest, response: HttpResponseBase | None, *, has_left: bool) -> None:
        """Settle what the rule has begun. No response: the view raised or, with ``has_left``, the visitor hung up."""


class TokenState:
    """All that one request means to this app: the tokens that came with it, and the rules that have let it in."""

    def __init__(self, request: HttpRequest) -> None:
        self.request_token, self.access_token = _tokens_in_query(request)
        # Good or bad, wherever it was looked for.
        self.carries_token = (self.request_token or self.access_token) is not None
        self.passes: dict[Rule, Pass] = {}


def state_of(request: HttpRequest) -> TokenState:
    """The state of this request; the query string is read on the first call."""
    state: TokenState | None = getattr(request, "_token_state", None)
    if state is None:
        state = request._token_state = TokenState(request)  # type: ignore[attr-defined]  # the one private attribute
    return state


def _tokens_in_query(request: HttpRequest) -> list[str | None]:
    """The request token and the access token in the query string, None for each that is not there."""
    query = request.META.get("QUERY_STRING")
    # Every page passes here: without a query no setting is read, without our names nothing is parsed.
    if not query:
        return [None, None]
    names = token_settings.REQUEST_TOKEN_QUERYSTRING, token_settings.ACCESS_TOKEN_QUERYSTRING
    return [(name in query and request.GET.get(name)) or None for name in names]


def token_in_body(request: HttpRequest) -> Any:
    """
    The request token of a form field or JSON member, of any JSON type; None if there is none.

    Reads the body: call it only for a view that declared a scope.
    """
    # Threat: a GET is cached by its address alone, and a body is not part of that.
    if request.method in ("GET", "HEAD"):
        return None
    name = token_settings.REQUEST_TOKEN_QUERYSTRING
    try:
        if request.content_type != "application/json":
            return request.POST.get(name) or None
        document = json.loads(request.body)
    # Threat: a body nested a thousand deep, bytes that are not text, a charset that is none, a form without a
    # boundary. Whatever else it is, it carries no token.
    except (ValueError, LookupError, RecursionError, BadRequest, MultiPartParserError):
        return None
    return document.get(name) or None if isinstance(document, dict) else None


def passes_of(request: HttpRequest) -> Collection[Pass]:
    """The passes by which rules have let this request in."""
    state: TokenState | None = getattr(request, "_token_state", None)
    return () if state is None else state.passes.values()


def rules_of(view: Callback) -> tuple[Rule, ...]:
    """The rules that a view declared, in the order to ask them; none if it takes no tokens."""
    return getattr(view, "token_rules", ())


def declare(rule: Rule) -> Callable[[View], View]:
    """The decorator that leaves this rule on a view. The view runs only for requests let in by this very rule."""

    def decorator(view: View) -> View:
        if any(type(declared) is type(rule) for declared in rules_of(view)):
            raise ValueError(f"{view!r} declares a {type(rule).__name__} already, and a view has one.")

        @wraps(view)
        def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            admitted = state_of(request).passes.get(rule) if isinstance(request, HttpRequest) else None
            # Threat: a view that trusts a check which never ran. It fails closed, for every visitor.
            if admitted is None:
                raise ImproperlyConfigured(_NOT_ENFORCED)
            admitted.has_entered = True
            response = view(request, *args, **kwargs)
            # Threat: a cache between this view and the middleware, such as cache_page, keeps a private page.
            return _private_later(request, response) if isawaitable(response) else keep_private(request, response)

        rules = sorted((rule, *rules_of(view)), key=lambda each: each.takes_a_use)
        wrapper.token_rules = tuple(rules)  # type: ignore[attr-defined]
        if iscoroutinefunction(view):
            markcoroutinefunction(wrapper)
        return wrapper  # type: ignore[return-value]

    return decorator


def keep_private(request: HttpRequest, response: Response) -> Response:
    """The response; if the request carried a token, then fit for nobody but the visitor."""
    # No page pays for this but those with a query string and those whose view declared a rule.
    has_state = hasattr(request, "_token_state") or request.META.get("QUERY_STRING")
    if not has_state or not state_of(request).carries_token:
        return response
    # Threat: a private page in a shared cache. Whatever else the view has said of caches gives way.
    response.headers["Cache-Control"] = "no-store, private"
    # Threat: the link in the Referer that another site gets. Not "no-referrer": browsers then send
    # "Origin: null" with the confirm form, which Django's CSRF check refuses.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


async def _private_later(request: HttpRequest, response: Any) -> Any:
    return keep_private(request, await response)


_NOT_ENFORCED = (
    "This view takes tokens, but nothing has checked this request. Either add "
    f'"{__package__}.middleware.RequestTokenMiddleware" to MIDDLEWARE, after '
    '"django.contrib.auth.middleware.AuthenticationMiddleware"; or, on a class-based view, decorate '
    'dispatch: @method_decorator(use_request_token(scope="..."), name="dispatch"); or, in code that no decorator '
    f"can reach, such as an operation of Django Ninja, write: with {__package__}.admission.admit(request, scope=...)."
)

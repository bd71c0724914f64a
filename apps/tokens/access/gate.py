"""The one place where an access token opens a view, or does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse

from ..admission import refuse
from ..exceptions import ExpiredError, InvalidTokenError, NotYetValidError, ScopeError, TokenError, TokenNotFoundError
from ..extraction import access_token_in_query
from . import grants, tokens
from .rules import AccessRule, access_rule_of
from .scope import Scope
from .tokens import Reason

REFUSALS: dict[Reason, type[TokenError]] = {
    Reason.MALFORMED: InvalidTokenError,
    Reason.BAD_SIGNATURE: InvalidTokenError,
    Reason.NOT_YET_VALID: NotYetValidError,
    Reason.EXPIRED: ExpiredError,
    Reason.INSUFFICIENT: ScopeError,
}


def decide(request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> HttpResponse | None:
    """The refusal to send instead of the view's answer, or None to run the view."""
    rule = access_rule_of(view)
    if rule is None:
        return None
    try:
        grants.add(request, _open(request, rule, args, kwargs))
    except TokenError as error:
        return refuse(request, error)
    request._access_token_rule = rule  # type: ignore[attr-defined]
    return None


def enter(request: HttpRequest, rule: AccessRule) -> bool:
    """True if the middleware has let this request in by this very rule."""
    return getattr(request, "_access_token_rule", None) is rule


def _open(request: HttpRequest, rule: AccessRule, args: Any, kwargs: Any) -> Scope:
    token = access_token_in_query(request)
    if token is None:
        raise TokenNotFoundError
    try:
        obj = rule.object_for(request, args, kwargs)
    except (ObjectDoesNotExist, Http404) as error:
        raise InvalidTokenError("no such object") from error
    wanted = rule.scope_for(obj)
    found = tokens.inspect(token, scope=wanted, state=None if rule.state is None else rule.state(obj))
    # Threat: asking with one good link which other objects exist. Whoever has none for this very object hears
    # the same as where there is no object, and as with a forged link.
    if obj is not None and not found.scope.covers(wanted):
        raise InvalidTokenError("not for this object")
    if not found.is_valid:
        raise REFUSALS[found.reason]
    return found.scope

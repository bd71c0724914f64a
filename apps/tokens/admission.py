"""
The one place where a token is admitted or refused.

``decide`` is asked before the view and ``conclude`` after it. The order of the questions in
``_check`` is the contract: a visitor always hears the first reason that applies.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from . import identity, records, signing, views
from .exceptions import MaxUseError, ScopeError, TokenError, TokenNotFoundError, UnknownTokenError, WrongUserError
from .models import RequestToken
from .rules import Rule

logger = logging.getLogger(__name__)


@dataclass
class Visit:
    """What is known about the token of one request; lies on the request between decide and conclude."""

    rule: Rule
    is_let_in: bool = False
    has_entered: bool = False
    admitted: RequestToken | None = None


def enter(request: HttpRequest, rule: Rule) -> bool:
    """True if the middleware has let this request in by this very rule. The view runs now."""
    visit = visit_of(request)
    if visit is None or visit.rule is not rule or not visit.is_let_in:
        return False
    visit.has_entered = True
    return True


def visit_of(request: HttpRequest) -> Visit | None:
    return getattr(request, "_request_token_visit", None)


def decide(request: HttpRequest, rule: Rule | None, encoded: str | None) -> HttpResponse | None:
    """Attach the token and act on it; the answer to send instead of the view's, or None to run the view."""
    is_optional = rule is None or not rule.required
    visit = None if rule is None else Visit(rule, is_let_in=encoded is None and is_optional)
    request._request_token_visit = visit  # type: ignore[attr-defined]
    if encoded is None and is_optional:
        return None
    token = None
    try:
        if encoded is None:
            raise TokenNotFoundError
        claims = signing.verify(encoded)
        token = _row_of(claims)
        _check(request, rule, token, claims)
        request.token = token  # type: ignore[attr-defined]
        return None if visit is None else _admit(request, visit, token)
    except TokenError as error:
        return refuse(request, error, token, is_optional=is_optional)


def refuse(
    request: HttpRequest, error: TokenError, token: RequestToken | None = None, *, is_optional: bool = False
) -> HttpResponse:
    """The page that says why, with a line in the log, and one on the token's record if it is known."""
    response = views.refused(request, error, is_optional=is_optional)
    records.refused(request, error, token, response.status_code)
    return response


def conclude(request: HttpRequest, response: HttpResponseBase | None, *, has_left: bool = False) -> None:
    """
    After the view: give back a use that came to nothing, and record the outcome.

    Without a response the view raised or, if ``has_left``, the visitor did not wait for it.
    """
    visit = visit_of(request)
    if visit is None or visit.admitted is None:
        return
    token, status_code = visit.admitted, None if response is None else response.status_code
    if token.is_released or _came_to_nothing(visit, token, status_code, has_left=has_left):
        logger.debug("given back token=%s status=%s", token.pk, status_code)
        RequestToken.objects.give_back(token.pk)
    records.admitted(request, token, status_code)


def _row_of(claims: dict[str, Any]) -> RequestToken:
    try:
        token: RequestToken = RequestToken.objects.select_related("user").get(pk=claims["jti"])
    except RequestToken.DoesNotExist:
        raise UnknownTokenError from None
    # Threat: ids that are given out anew, by a restored backup or an emptied table. A link opens
    # only the row that it was made from.
    expected = token.claims
    if any(claims.get(name) != expected.get(name) for name in ("sub", "mod", "aud", "iat")):
        raise UnknownTokenError
    return token


def _check(request: HttpRequest, rule: Rule | None, token: RequestToken, claims: dict[str, Any]) -> None:
    if rule is not None and token.scope != rule.scope:
        raise ScopeError
    # Threat: a revocation that only the database knows of. The row decides, not the JWT alone.
    token.check_usable()
    signing.check_times(claims)
    if rule is None:
        return
    token.check_user()
    # Threat: a link that turns one signed-in visitor into another without a word.
    if token.user_id is not None and not rule.ignore_session and identity.is_somebody_else(request, token):
        raise WrongUserError


def _admit(request: HttpRequest, visit: Visit, token: RequestToken) -> HttpResponse | None:
    template = visit.rule.confirm_template(signs_in=token.login_mode == token.LoginMode.SESSION)
    # Threat: mail scanners and previews that follow links. GET shows, POST acts.
    if template and request.method in ("GET", "HEAD"):
        logger.debug("confirm token=%s template=%s", token.pk, template)
        return views.confirm(request, token, template)
    if request.method in ("HEAD", "OPTIONS", "TRACE"):
        return HttpResponse(status=204)
    if _is_prefetch(request):
        # Not a success, or the browser would show this empty answer when the link is clicked.
        return HttpResponse(status=425)
    _claim(token)
    visit.admitted = token
    identity.assume(request, token)
    visit.is_let_in = True
    return None


def _claim(token: RequestToken) -> None:
    if RequestToken.objects.claim(token.pk):
        logger.debug("claimed token=%s", token.pk)
        token.is_claimed = True
        return
    # Somebody was faster: the row knows by now what to say.
    fresh = RequestToken.objects.filter(pk=token.pk).first()
    if fresh is None:
        raise UnknownTokenError
    fresh.check_usable()
    raise MaxUseError


def _is_prefetch(request: HttpRequest) -> bool:
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return "prefetch" in purpose.lower() or "prerender" in purpose.lower()


def _came_to_nothing(visit: Visit, token: RequestToken, status_code: int | None, *, has_left: bool) -> bool:
    signs_in = token.login_mode == token.LoginMode.SESSION
    # Somebody else answered in the view's place: a cache, or a page that asks to sign in first.
    if not visit.has_entered and not signs_in:
        return True
    # Threat: a visitor who hangs up to use the link again. The view may have acted: the use is spent.
    if status_code is None:
        return not has_left
    # Below 500 the session cookie has been sent, whatever else the view answered.
    return status_code >= (500 if signs_in else 400)

"""
The one place where a request token is admitted or refused.

``before_view`` decides and ``Use.after_view`` settles; ``admit`` is both, for code that no decorator can reach. The
order of the questions in ``_check`` is the contract: a visitor always hears the first reason that applies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from . import audit, identity, signing, statements, views
from .exceptions import (
    MaxUseError,
    MethodError,
    ScopeError,
    TokenError,
    TokenNotFoundError,
    UnknownTokenError,
    WrongUserError,
)
from .models import RequestToken
from .rules import Pass, Rule, state_of, token_in_body
from .uses import Use, take

logger = logging.getLogger(__name__)

Confirm = bool | str | Callable[[HttpRequest, RequestToken], bool | str] | None
Again = Callable[[HttpRequest, RequestToken], HttpResponse | None]


@dataclass(frozen=True, eq=False)
class RequestTokenRule(Rule):
    """What ``use_request_token`` declares; its arguments are explained there."""

    scope: str
    required: bool = False
    confirm: Confirm = None
    ignore_session: bool = False
    methods: Iterable[str] | None = None
    again: Again | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.scope, str) or not self.scope:
            raise ValueError('A view that takes request tokens needs a scope, such as "newsletter.unsubscribe".')
        if self.confirm == "":
            raise ValueError("confirm must be True, False, None, a callable or the name of a template, not empty.")
        if self.methods is not None:
            methods = [] if isinstance(self.methods, str) else list(self.methods)
            if not methods or not all(isinstance(name, str) and name.isupper() for name in methods):
                raise ValueError('methods must be names in upper case, such as methods=["POST"].')
            object.__setattr__(self, "methods", methods)

    def methods_of(self, view: Callable[..., Any]) -> set[str] | None:
        """The methods by which this view takes a token; None for any."""
        view_class = getattr(view, "view_class", None)
        if self.methods is not None:
            methods = set(self.methods)
        elif view_class is not None:
            methods = {name.upper() for name in view_class.http_method_names if hasattr(view_class, name)}
        else:
            return None
        return methods | ({"HEAD", "OPTIONS"} if "GET" in methods else {"OPTIONS"})

    def before_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> Pass | HttpResponse:
        methods = self.methods_of(view)
        # Threat: a link used up by a request that the view does not answer.
        if methods is not None and request.method not in methods:
            return HttpResponseNotAllowed(sorted(methods))
        try:
            token = _find(request, self)
            return Pass() if token is None else _admit(request, self, token)
        except TokenError as error:
            return self._refuse(request, error)

    def _refuse(self, request: HttpRequest, error: TokenError) -> HttpResponse:
        if self.again is not None and error.token is not None and isinstance(error, MaxUseError):
            try:
                response = self.again(request, error.token)
            except TokenError as other:
                other.token, error, response = error.token, other, None
            if response is not None:
                audit.record_refusal(request, error, response.status_code)
                return response
        return refuse(request, error, is_optional=not self.required)


def attach(request: HttpRequest) -> HttpResponse | None:
    """On a view that declared no scope: put a good token on the request, which changes nothing; refuse any other."""
    try:
        _find(request, None)
    except TokenError as error:
        return refuse(request, error, is_optional=True)
    return None


def refuse(request: HttpRequest, error: TokenError, *, is_optional: bool = False) -> HttpResponse:
    """The page that says why, with a line in the log, and one on the token's record if it is known."""
    response = views.refused(request, error, is_optional=is_optional)
    if not error.is_on_record:
        audit.record_refusal(request, error, response.status_code)
    return response


class admit:  # noqa: N801  # read as the verb it is: with admit(request, scope=...) as token
    """
    The decision of ``use_request_token`` for code that no decorator can reach, such as an operation of Django Ninja.

    ``with admit(request, scope="...") as token:`` gives the token, or None where it is optional and there is none, and
    makes its user ``request.user`` within the block; ``async with`` does the same. A refusal raises the TokenError.
    The use is given back if the block raises, or releases it. A SESSION token is admitted by POST only. ``token=row``
    decides for a row that you have found by other means than its link.
    """

    def __init__(
        self,
        request: HttpRequest,
        *,
        scope: str,
        required: bool = False,
        ignore_session: bool = False,
        token: RequestToken | None = None,
    ) -> None:
        self.request, self.token = request, token
        self.rule = RequestTokenRule(scope, required=required, confirm=False, ignore_session=ignore_session)
        self.use: Use | None = None

    def __enter__(self) -> RequestToken | None:
        request = self.request
        self._before = {name: request.__dict__.get(name) for name in ("user", "auser", "token")}
        try:
            row = self.token
            token = _find(request, self.rule) if row is None else _checked(request, self.rule, row, {})
            if token is None:
                return None
            signs_in = token.login_mode == token.LoginMode.SESSION
            if _is_no_visit(request) or (signs_in and request.method != "POST"):
                raise MethodError
            self.use = take(request, token)
        except TokenError as error:
            error.token = error.token or request.__dict__.get("token")
            self._restore()
            audit.record_refusal(request, error, 403)
            raise
        return token

    def __exit__(self, exc_type: type[BaseException] | None, *exc: Any) -> None:
        if self.use is None:
            return
        # Now, and not after the view: the block may stand in a transaction that ends before that.
        if exc_type is not None or self.use.is_released:
            self.use.give_back(self.request)
        elif self.use.signs_in:
            # SessionMiddleware sets the cookie.
            self.request.session.modified = True
        if exc_type is not None or not self.use.signs_in:
            self._restore()
        audit.record_admission(self.request, self.use.token, None)

    async def __aenter__(self) -> RequestToken | None:
        return await sync_to_async(self.__enter__)()

    async def __aexit__(self, *exc: Any) -> None:
        await sync_to_async(self.__exit__)(*exc)

    def _restore(self) -> None:
        for name, value in self._before.items():
            if value is None:
                self.request.__dict__.pop(name, None)
            else:
                setattr(self.request, name, value)


def _find(request: HttpRequest, rule: RequestTokenRule | None) -> RequestToken | None:
    """The token that came with the request, checked; None if there is none and none is needed."""
    encoded = _encoded(request, rule)
    if encoded is not None:
        claims = signing.verify(encoded)
        return _checked(request, rule, _row_of(claims), claims)
    if rule is not None and rule.required:
        raise TokenNotFoundError
    return None


def _encoded(request: HttpRequest, rule: RequestTokenRule | None) -> Any:
    state = state_of(request)
    if state.request_token is not None or rule is None:
        return state.request_token
    encoded = token_in_body(request)
    state.is_in_body = encoded is not None
    return encoded


def _row_of(claims: dict[str, Any]) -> RequestToken:
    # From the database that is written to: a replica that is late knows no new link, nor of a revocation.
    token = statements.read(router.db_for_write(RequestToken), claims["jti"])
    if token is None:
        raise UnknownTokenError
    # Threat: ids that are given out anew, by a restored backup or an emptied table. A link opens
    # only the row that it was made from.
    if any(claims.get(name) != value for name, value in token.identity_claims.items()):
        raise UnknownTokenError
    return token


def _checked(
    request: HttpRequest, rule: RequestTokenRule | None, token: RequestToken, claims: dict[str, Any]
) -> RequestToken:
    """The token, attached to the request. Raises the first reason against it."""
    try:
        _check(request, rule, token, claims)
    except TokenError as error:
        error.token = token
        raise
    request.token = token  # type: ignore[attr-defined]  # TokenRequest, for those who type their views
    return token


def _check(request: HttpRequest, rule: RequestTokenRule | None, token: RequestToken, claims: dict[str, Any]) -> None:
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


def _admit(request: HttpRequest, rule: RequestTokenRule, token: RequestToken) -> Use | HttpResponse:
    try:
        template = _confirm_template(request, rule, token)
        # Threat: mail scanners and previews that follow links. GET shows, POST acts.
        if template and request.method in ("GET", "HEAD"):
            logger.debug("confirm token=%s template=%s", token.pk, template)
            return views.confirm(request, token, template)
        if request.method in ("HEAD", "OPTIONS", "TRACE"):
            return HttpResponse(status=204)
        if _is_no_visit(request):
            # Not a success, or the browser would show this empty answer when the link is clicked.
            return HttpResponse(status=425)
        return take(request, token)
    except TokenError as error:
        error.token = token
        raise


def _confirm_template(request: HttpRequest, rule: RequestTokenRule, token: RequestToken) -> str | None:
    """The page to show before anything happens, or None to go straight to the view."""
    answer = rule.confirm
    if callable(answer):
        if _is_no_visit(request):
            return None
        answer = answer(request, token)
    if isinstance(answer, str):
        return answer
    if answer is None:
        answer = token.login_mode == token.LoginMode.SESSION
    return "tokens/confirm.html" if answer else None


def _is_no_visit(request: HttpRequest) -> bool:
    purpose = (request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")).lower()
    return request.method in ("HEAD", "OPTIONS", "TRACE") or "prefetch" in purpose or "prerender" in purpose

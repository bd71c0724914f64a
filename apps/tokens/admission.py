"""
The one place where a request token is admitted or refused.

A rule decides before the view, and a ``Use`` settles after it; ``admit`` is both, for code that no decorator can reach.
The order of ``questions`` is the contract: a visitor always hears the first reason that applies.
"""

from __future__ import annotations

import logging
from asyncio import CancelledError
from collections.abc import Callable, Collection, Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.utils.http import escape_leading_slashes

from . import audit, identity, signing, statements
from .conf import token_settings
from .exceptions import (
    MaxUseError,
    MethodError,
    ScopeError,
    TokenError,
    TokenNotFoundError,
    UnknownTokenError,
    WrongUserError,
)
from .links import remove_token
from .models import RequestToken
from .rules import Callback, Pass, Rule, state_of, token_in_body
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
    methods: Collection[str] | None = None
    again: Again | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.scope, str) or not self.scope:
            raise ValueError('A view that takes request tokens needs a scope, such as "newsletter.unsubscribe".')
        if self.confirm == "":
            raise ValueError("confirm must be True, False, None, a callable or the name of a template, not empty.")
        # Threat: a guard that is never awaited, and so never refuses.
        if iscoroutinefunction(self.confirm) or iscoroutinefunction(self.again):
            raise ValueError("confirm and again must be ordinary functions, not async ones.")
        if self.methods is not None and (isinstance(self.methods, str) or not "".join(self.methods).isupper()):
            raise ValueError('methods must be a list of names in upper case, such as methods=["POST"].')

    takes_a_use = True

    def methods_of(self, view: Callback) -> set[str] | None:
        """The methods by which this view takes a token; None for any."""
        view_class: Any = getattr(view, "view_class", None)
        names = set(self.methods or ())
        if self.methods is None and view_class is not None:
            known = getattr(view, "view_initkwargs", {}).get("http_method_names", view_class.http_method_names)
            names = {name.upper() for name in known if name != "options" and hasattr(view_class, name)}
        if not names:  # a function, or a class that does it all in dispatch()
            return None
        return names | ({"HEAD", "OPTIONS"} if "GET" in names else {"OPTIONS"})

    def before_view(self, request: HttpRequest, view: Callback, args: Any, kwargs: Any) -> Pass | HttpResponse:
        methods = self.methods_of(view)
        # Threat: a link used up by a request that the view does not answer.
        if methods is not None and request.method not in methods:
            return HttpResponseNotAllowed(sorted(methods))
        try:
            token = _find(request, self)
            return Pass() if token is None else _admit(request, self, token)
        except TokenError as error:
            return self._answer_again(request, error) or refuse(request, error, is_optional=not self.required)

    def _answer_again(self, request: HttpRequest, error: TokenError) -> HttpResponse | None:
        if self.again is None or error.token is None or not isinstance(error, MaxUseError):
            return None
        response = self.again(request, error.token)
        if response is not None:
            audit.record_refusal(request, error, response.status_code)
        return response


AnyRule = RequestTokenRule | None  # None: the view declared no scope


def attach(request: HttpRequest) -> HttpResponse | None:
    """On a view that declared no scope: put a good token on the request, which changes nothing; refuse any other."""
    try:
        _find(request, None)
    except TokenError as error:
        return refuse(request, error, is_optional=True)
    return None


def refuse(request: HttpRequest, error: TokenError, *, is_optional: bool = False) -> HttpResponse:
    """403: why, what to do next, and where the page needs no token, the way to it. JSON for clients that prefer it."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        content = {"code": error.code, "message": f"{error.title}. {error.message}"}
        response: HttpResponse = JsonResponse(content, status=403)
    else:
        # Threat: the path "//evil.example", which a browser takes for another site.
        address = escape_leading_slashes(remove_token(request.get_full_path())) if is_optional else ""
        context = {"error": error, "token": error.token, "url_without_token": address}
        response = render(request, token_settings.REQUEST_TOKEN_403_TEMPLATE, context, status=403)
    if not error.is_on_record:
        audit.record_refusal(request, error, response.status_code)
    return response


LENT = ("user", "auser", "token")  # what of the request a block has to itself


@dataclass
class admit:  # noqa: N801  # read as the verb it is: with admit(request, scope=...) as token
    """
    The decision of ``use_request_token`` for code that no decorator can reach, such as an operation of Django Ninja.

    ``with admit(request, scope="...") as token:`` gives the token, or None where it is optional and there is none, and
    makes its user ``request.user`` within the block; ``async with`` does the same. A refusal raises the TokenError.
    The use is given back if the block raises, or releases it. A SESSION token is admitted by POST only. ``token=row``
    decides for a row that you have found by other means than its link.
    """

    request: HttpRequest
    _: KW_ONLY
    scope: str
    required: bool = False
    ignore_session: bool = False
    token: Any = ...
    use: Use | None = field(default=None, init=False)

    def __enter__(self) -> RequestToken | None:
        request = self.request
        rule = RequestTokenRule(self.scope, self.required, ignore_session=self.ignore_session)
        self._before = {name: value for name, value in vars(request).items() if name in LENT}
        try:
            token = _find(request, rule) if self.token is ... else self.token
            if token is None:
                if self.required:
                    raise TokenNotFoundError
                return None
            if self.token is not ...:
                _checked(request, rule, token, {})
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
        # A visitor who hangs up has used the link, as anywhere: the block may have acted.
        has_failed = exc_type is not None and not issubclass(exc_type, CancelledError)
        is_kept = not (has_failed or self.use.is_released)
        # Now, and not after the view: the block may stand in a transaction that ends before that.
        if not is_kept:
            self.use.give_back(self.request)
        elif self.use.signs_in:
            identity.hand_out_session(self.request)
        if has_failed or not self.use.signs_in:
            self._restore()
        audit.record_admission(self.request, self.use.token, None, is_kept=is_kept)

    async def __aenter__(self) -> RequestToken | None:
        try:
            return await sync_to_async(self.__enter__)()
        except CancelledError:
            # The thread goes on and takes the use, for a block that never runs. This waits for it, and gives it back.
            await self.__aexit__(InterruptedError)
            raise

    async def __aexit__(self, *exc: Any) -> None:
        await sync_to_async(self.__exit__)(*exc)

    def _restore(self) -> None:
        for name in LENT:
            vars(self.request).pop(name, None)
        vars(self.request).update(self._before)


def _find(request: HttpRequest, rule: AnyRule) -> RequestToken | None:
    """The token that came with the request, checked; None if there is none and none is needed."""
    encoded = _encoded(request, rule)
    if encoded is not None:
        claims = signing.verify(encoded)
        return _checked(request, rule, row_of(claims), claims)
    if rule is not None and rule.required:
        raise TokenNotFoundError
    return None


def _encoded(request: HttpRequest, rule: AnyRule) -> Any:
    state = state_of(request)
    if state.request_token is not None or rule is None:
        return state.request_token
    encoded = token_in_body(request)
    state.carries_token |= encoded is not None
    return encoded


def row_of(claims: dict[str, Any]) -> RequestToken:
    """The row that these claims were made from. Raises UnknownTokenError."""
    # From the database that is written to: a replica that is late knows no new link, nor of a revocation.
    token = statements.read(router.db_for_write(RequestToken), claims["jti"])
    if token is None:
        raise UnknownTokenError
    # Threat: ids that are given out anew, by a restored backup or an emptied table. A link opens
    # only the row that it was made from.
    if any(claims.get(name) != value for name, value in token.identity_claims.items()):
        raise UnknownTokenError
    return token


def _checked(request: HttpRequest, rule: AnyRule, token: RequestToken, claims: dict[str, Any]) -> RequestToken:
    """The token, attached to the request. Raises the first reason against it."""
    try:
        list(questions(request, rule, token, claims))
    except TokenError as error:
        error.token = token
        raise
    request.token = token  # type: ignore[attr-defined]  # TokenRequest, for those who type their views
    return token


def questions(request: HttpRequest, rule: AnyRule, token: RequestToken, claims: dict[str, Any]) -> Iterator[str]:
    """Asks one after the other: the name of each that does not refuse the link, and the TokenError of the first to."""
    if rule is not None and token.scope != rule.scope:
        raise ScopeError
    yield "scope"
    # Threat: a revocation that only the database knows of. The row decides, not the JWT alone.
    token.check_usable()
    yield "row"
    signing.check_times(claims)
    yield "times"
    if rule is None:
        return
    token.check_user()
    yield "account"
    # Threat: a link that turns one signed-in visitor into another without a word.
    if token.user_id is not None and not rule.ignore_session and identity.is_somebody_else(request, token):
        raise WrongUserError
    yield "visitor"


def _admit(request: HttpRequest, rule: RequestTokenRule, token: RequestToken) -> Use | HttpResponse:
    try:
        template = _confirm_template(request, rule, token)
        # Threat: email scanners and previews that follow links. GET shows, POST acts.
        if template and request.method in ("GET", "HEAD"):
            logger.debug("confirm token=%s template=%s", token.pk, template)
            return render(request, template, {"token": token})
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
    if isinstance(answer, str) and answer:
        return answer
    if answer is None or answer == "":
        answer = token.login_mode == token.LoginMode.SESSION
    return "tokens/confirm.html" if answer else None


def _is_no_visit(request: HttpRequest) -> bool:
    purpose = (request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")).lower()
    return request.method in ("HEAD", "OPTIONS", "TRACE") or "prefetch" in purpose or "prerender" in purpose

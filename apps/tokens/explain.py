"""
What a link is, which page it opens, and whether and why it would be refused: for support, in plain words.

The questions are those that a click is asked, by the same code and in the same order, up to the taking of a use. So
nothing is used up, nobody is signed in, and nothing goes on record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SuspiciousOperation
from django.db import router
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve
from django.utils.translation import gettext as _

from . import admission, signing, statements, words
from .admission import RequestTokenRule
from .declared import declared_views
from .exceptions import InvalidTokenError, MethodError, TokenError, TokenNotFoundError, UnknownTokenError
from .models import RequestToken
from .rules import rules_of, state_of, token_in_body

try:
    from .access import tokens as access_tokens
    from .access.decorators import REFUSALS, AccessRule
except ImportError:  # access/ may be deleted
    access_tokens = AccessRule = REFUSALS = None  # type: ignore[assignment, misc]

LONGEST_ID = 18


@dataclass(frozen=True)
class Step:
    question: str
    answer: str
    is_refusal: bool = False


@dataclass
class Explanation:
    steps: list[Step] = field(default_factory=list)
    token: RequestToken | None = None
    error: TokenError | None = None
    """The first reason against the link; None if there is none."""
    outcome: str = ""
    """What happens if there is none."""
    is_under_way: bool = False
    """The click is happening: what follows is for it to show."""

    @property
    def verdict(self) -> str:
        if self.error is None:
            return self.outcome or _("It would be accepted. Nothing was used up by asking.")
        return _("It would be refused, with the reason “%(code)s”: %(title)s.") % {
            "code": self.error.code,
            "title": self.error.title,
        }

    def add(self, question: str, answer: str) -> None:
        self.steps.append(Step(question, answer))

    def refuse(self, question: str, error: TokenError) -> None:
        details = words.DETAILS.get(str(error))
        sentences = [f"{error.title}.", error.fact, "" if details is None else str(details)]
        self.steps.append(Step(question, " ".join(filter(None, sentences)), is_refusal=True))
        self.error = error


def explain(text: str, *, visitor: Any = None) -> Explanation:
    """
    Of a link, a token without its link, or the id of a request token: every question in order, up to the first refusal.

    ``visitor`` is the user who would be signed in while opening the link.
    """
    text, found = text.strip(), Explanation()
    is_link = any(mark in text for mark in "/?&")
    if is_link:
        _explain_link(found, text, visitor)
    elif text.isascii() and text.isdecimal():
        _explain_id(found, text, visitor)
    elif access_tokens is None or text.startswith("eyJ"):
        _explain_jwt(found, text, visitor)
    else:
        _explain_access_token(found, text)
    return found


def explain_request(request: HttpRequest, match: ResolverMatch, *, visitor: Any) -> Explanation:
    """
    Of a request that is under way, before its view: the same questions, and nothing of what follows.

    ``visitor`` is who is signed in. The request's own session is not read, nor its user.
    """
    found, asked = Explanation(is_under_way=True), _click(request.get_full_path(), visitor)
    asked.method = request.method
    state = state_of(asked)
    if state.request_token is None and any(isinstance(rule, RequestTokenRule) for rule in rules_of(match.func)):
        state.request_token = token_in_body(request)
    _explain_page(found, asked, match)
    return found


def _explain_link(found: Explanation, url: str, visitor: Any) -> None:
    question = _("Which page does it open?")
    try:
        request = _click(url, visitor)
        match = resolve(request.path_info)
    except Resolver404:
        found.add(question, _("None: this site has no such address."))
        _explain_bare_token(found, url, visitor)
        found.outcome = _("The token is good, but the visitor gets a 404: this site has no such address.")
        return
    except (ValueError, SuspiciousOperation):
        found.refuse(question, InvalidTokenError("not an address"))
        return
    _explain_page(found, request, match)


def _explain_page(found: Explanation, request: HttpRequest, match: ResolverMatch) -> None:
    found.add(_("Which page does it open?"), words.describe_view(match.func))
    rules = rules_of(match.func)
    for rule in rules:
        if isinstance(rule, RequestTokenRule):
            _explain_request_token(found, request, rule, match.func)
        elif AccessRule is not None and isinstance(rule, AccessRule):
            _explain_grant(found, request, rule, match)
        if found.error is not None:
            return
    if not any(isinstance(rule, RequestTokenRule) for rule in rules) and state_of(request).request_token is not None:
        found.add(_("Does this page take request tokens?"), _("It declares none; what uses admit() is not seen here."))
        _explain_request_token(found, request, None, match.func)
        found.outcome = _("The page opens, and the token changes nothing there.")
    elif not rules:
        found.add(_("Does this page take tokens?"), _("No, and this link carries no request token."))
        found.outcome = _("The page opens as for anybody.")


def _explain_bare_token(found: Explanation, url: str, visitor: Any) -> None:
    state = state_of(_click(url, visitor))
    if state.request_token is not None:
        _explain_jwt(found, state.request_token, visitor)
    elif state.access_token is not None and access_tokens is not None:
        _explain_access_token(found, state.access_token)
    else:
        found.refuse(_("Does it carry a token?"), TokenNotFoundError())


def _explain_request_token(found: Explanation, request: HttpRequest, rule: Any, view: Callable[..., Any]) -> None:
    if rule is not None:
        found.add(_("Which tokens does this page take?"), words.describe_rule(rule))
        methods = rule.methods_of(view)
        if methods is not None and request.method not in methods:
            question, allowed = _("Does it take them by a click?"), ", ".join(sorted(methods))
            if "POST" not in methods or found.is_under_way:
                found.refuse(question, MethodError(f"by {allowed} only"))
                return
            found.add(question, _("No, only by %(methods)s: a click gets 405.") % {"methods": allowed})
            request.method = "POST"
    jwt, question = state_of(request).request_token, _("Does it carry a token?")
    if jwt is not None:
        found.add(question, _("Yes."))
        token, claims = _genuine(found, jwt)
        if token is not None:
            _explain_row(found, request, rule, token, claims)
        return
    if rule.required:
        found.refuse(question, TokenNotFoundError())
        return
    found.add(question, _("No."))
    found.outcome = _("The page opens without a token, as for anybody.")


def _explain_jwt(found: Explanation, jwt: str, visitor: Any) -> None:
    """Without its link: the page is the first one that takes its scope."""
    token, claims = _genuine(found, jwt)
    if token is not None:
        _explain_for_any_page(found, token, claims, visitor)


def _explain_id(found: Explanation, text: str, visitor: Any) -> None:
    question = _("Is it on record?")
    token = statements.read(router.db_for_write(RequestToken), int(text)) if len(text) <= LONGEST_ID else None
    if token is None:
        found.refuse(question, UnknownTokenError())
        return
    found.add(question, words.on_record(token))
    _explain_for_any_page(found, token, {}, visitor)


def _explain_for_any_page(found: Explanation, token: RequestToken, claims: Any, visitor: Any) -> None:
    pages = [page for page in declared_views() if _takes(page.rules, token.scope)]
    addresses = ", ".join(f"{page.address} ({page.source})" for page in pages)
    none = _("None declares the scope “%(scope)s”.") % {"scope": token.scope}
    found.add(_("Which pages take it?"), addresses or none)
    rule = _takes(pages[0].rules, token.scope) if pages else RequestTokenRule(token.scope)
    _explain_row(found, _click("/", visitor), rule, token, claims)


def _genuine(found: Explanation, jwt: str) -> tuple[RequestToken | None, dict[str, Any]]:
    """The row and the claims of a genuine token; no row if it is not."""
    question = _("Is it signed by this site, and whole?")
    try:
        claims = signing.verify(jwt)
        found.add(question, _("Yes."))
        question = _("Is it on record?")
        token = admission.row_of(claims)
    except TokenError as error:
        found.refuse(question, error)
        return None, {}
    found.add(question, words.on_record(token))
    return token, claims


def _explain_row(found: Explanation, request: HttpRequest, rule: Any, token: RequestToken, claims: Any) -> None:
    found.token = token
    answers = admission.questions(request, rule, token, claims)
    for name, parts in words.QUESTIONS.items():
        error = None
        try:
            if next(answers) != name:
                raise RuntimeError(f"Give QUESTIONS in words.py the words for what comes before {name!r}.")
        except StopIteration:
            return
        except TokenError as raised:
            error = raised
        for codes, question, answer in parts:
            if error is not None and error.code in codes:
                found.refuse(str(question), error)
                return
            found.add(str(question), answer(token))
        if error is not None:
            found.refuse(_("Is it accepted?"), error)
            return
    if not found.is_under_way:
        found.add(_("What happens then?"), words.describe_what_follows(rule, token))


def _explain_grant(found: Explanation, request: HttpRequest, rule: Any, match: Any) -> None:
    names = ", ".join(rule.permissions)
    found.add(_("Which tokens does this page take?"), _("Access tokens that grant %(names)s.") % {"names": names})
    error = None
    try:
        granted = rule.open(request, match.args, match.kwargs)
    except TokenError as raised:
        error = raised
    except Exception as raised:  # the project's own function, which may need a real request
        reason = type(raised).__name__
        found.add(
            _("Which object is this page about?"),
            _("Its function failed with %(reason)s.") % {"reason": reason},
        )
        found.outcome = _("Whether it would be accepted cannot be told from here.")
        return
    for reasons, question, answer in words.GRANT_QUESTIONS:
        if error is not None and (str(error) in reasons or error.code in reasons):
            found.refuse(str(question), error)
            return
        found.add(str(question), str(answer))
    found.add(_("What does it grant?"), str(granted))


def _explain_access_token(found: Explanation, text: str) -> None:
    inspection = access_tokens.inspect(text)
    question = _("Is it an access token of this site?")
    if not inspection.scope:
        found.refuse(question, InvalidTokenError(inspection.reason.value))
        return
    times = {"issued": words.time_of(inspection.issued_at), "expires": words.time_of(inspection.expires_at)}
    found.add(question, _("Yes, issued %(issued)s. It expires: %(expires)s.") % times)
    found.add(_("What does it grant?"), str(inspection.scope))
    if not inspection.is_valid:
        refusal = REFUSALS.get(inspection.reason, InvalidTokenError)
        found.refuse(_("Is it within its time?"), refusal(inspection.reason.value, at=inspection.expires_at))
        return


def _takes(rules: Any, scope: str) -> RequestTokenRule | None:
    return next((rule for rule in rules if isinstance(rule, RequestTokenRule) and rule.scope == scope), None)


def _click(url: str, visitor: Any) -> HttpRequest:
    """The request of somebody who opens this address. ValueError if it is not one."""
    parts, request = urlsplit(url), HttpRequest()
    request.method = "GET"
    request.path = unquote(parts.path) or "/"
    request.path_info = "/" + request.path.removeprefix(get_script_prefix()).lstrip("/")
    request.META = {"QUERY_STRING": parts.query, "REQUEST_METHOD": "GET"}
    request.GET = QueryDict(parts.query)
    request.user = AnonymousUser() if visitor is None else visitor
    return request

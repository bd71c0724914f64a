"""
The click from inside: with DEBUG, a page that took a token shows what the click was asked, and what that cost.

The questions are those of "Explain a link", asked just before the view by the same code; what follows is read from what
the request did; see clicks.py.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from apps.demo.clicks import Click, finish, last_clicks, name_of, user_of
from apps.tokens.exceptions import TokenError
from apps.tokens.explain import explain_request
from apps.tokens.rules import rules_of, state_of
from apps.tokens.signals import token_admitted, token_refused

# In the environ of a request of the laboratory, which no visitor can write to: the list that takes its click.
SINK = "demo.clicks"
# After a redirect the next page shows the click that led there.
COOKIE = "inside"


class InsideMiddleware:
    """Before SessionMiddleware, so that all a click costs lies within. Without DEBUG it is not there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # Threat: on a server the fold-out would tell everybody what only support may know.
        if not settings.DEBUG:
            raise MiddlewareNotUsed
        self.get_response = get_response
        token_admitted.connect(self._note_admission)
        token_refused.connect(self._note_refusal)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        click = Click(request.method or "", request.path)
        request.click_inside = click  # type: ignore[attr-defined]
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(click.measure))
            response = self.get_response(request)
        if click.explanation is None or not state_of(request).carries_token:
            return _show_earlier(request, response)
        finish(click, click.explanation, request, response)
        sink = request.META.get(SINK)
        if sink is not None:
            sink.append(click)
            return response
        last_clicks.appendleft(click)
        if 300 <= response.status_code < 400:
            response.set_cookie(COOKIE, click.id, max_age=60, httponly=True, samesite="Lax")
            return response
        return _show(click, response)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        state, match = state_of(request), request.resolver_match
        may_have_one = state.carries_token or (rules_of(view) and request.method not in ("GET", "HEAD"))
        if not may_have_one or match is None:
            return
        click: Click = request.click_inside  # type: ignore[attr-defined]
        before = len(click.statements)
        visitor = user_of(request)
        click.visitor = name_of(visitor)
        click.explanation = explain_request(request, match, visitor=visitor)
        # The click has not asked for these.
        del click.statements[before:]

    def _note_admission(self, *, request: HttpRequest, is_kept: bool, **news: Any) -> None:
        if hasattr(request, "click_inside"):
            request.click_inside.is_kept = is_kept

    def _note_refusal(self, *, request: HttpRequest, error: TokenError, **news: Any) -> None:
        if hasattr(request, "click_inside"):
            request.click_inside.error = error


def _show_earlier(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The click that led to this page by a redirect, once."""
    earlier = request.COOKIES.get(COOKIE)
    if not earlier or response.status_code != 200 or not _is_page(response):
        return response
    response.delete_cookie(COOKIE, samesite="Lax")
    click = next((click for click in last_clicks.copy() if click.id == earlier), None)
    return response if click is None else _show(click, response, is_earlier=True)


def _show(click: Click, response: HttpResponse, *, is_earlier: bool = False) -> HttpResponse:
    if not _is_page(response):
        return response
    html = render_to_string("demo/inside.html", {"click": click, "is_earlier": is_earlier, "brings_styles": True})
    page, end, rest = response.content.rpartition(b"</main>")
    if end:
        response.content = page + html.encode(response.charset) + end + rest
        if "Content-Length" in response.headers:
            response.headers["Content-Length"] = str(len(response.content))
    return response


def _is_page(response: HttpResponse) -> bool:
    return not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")

"""
RequestTokenMiddleware: before every view, is there a token, and what does it allow?

Add it to MIDDLEWARE after AuthenticationMiddleware. It wraps; the rules decide, admission.py and access/decorators.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from . import admission
from .exceptions import TokenError
from .rules import Callback, Pass, keep_private, passes_of, rules_of, state_of


class RequestTokenMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        # Two faces of one decision: Django would send every request without a token to a thread for a sync one.
        self.process_view: Callable[[HttpRequest, Callback, Any, Any], Any] = self._decide
        if self.is_async:
            markcoroutinefunction(self)
            self.process_view = self._adecide

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._acall(request)
        try:
            response: HttpResponseBase = self.get_response(request)
        except BaseException:
            _settle(request, None)
            raise
        _settle(request, response)
        return keep_private(request, response)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await self.get_response(request)
        except BaseException as error:
            await sync_to_async(_settle)(request, None, has_left=isinstance(error, asyncio.CancelledError))
            raise
        if passes_of(request):
            await sync_to_async(_settle)(request, response)
        return keep_private(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A TokenError that a view raises gets the same page as one of our own."""
        return admission.refuse(request, exception) if isinstance(exception, TokenError) else None

    def _decide(self, request: HttpRequest, view: Callback, args: Any, kwargs: Any) -> HttpResponse | None:
        rules = rules_of(view)
        if not rules and not request.META.get("QUERY_STRING"):
            return None
        state = state_of(request)
        if state.request_token is not None and not any(isinstance(rule, admission.RequestTokenRule) for rule in rules):
            refusal = admission.attach(request)
            if refusal is not None:
                return refusal
        for rule in rules:
            answer = rule.before_view(request, view, args, kwargs)
            if not isinstance(answer, Pass):
                return answer
            state.passes[rule] = answer
        for admitted in state.passes.values():
            admitted.begin(request)
        return None

    async def _adecide(self, request: HttpRequest, view: Callback, args: Any, kwargs: Any) -> HttpResponse | None:
        has_query = bool(request.META.get("QUERY_STRING"))
        if not rules_of(view) and not (has_query and state_of(request).request_token is not None):
            return None
        return await sync_to_async(self._decide)(request, view, args, kwargs)


def _settle(request: HttpRequest, response: HttpResponseBase | None, *, has_left: bool = False) -> None:
    for admitted in passes_of(request):
        admitted.after_view(request, response, has_left=has_left)

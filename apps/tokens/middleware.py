"""
RequestTokenMiddleware: before every view, is there a token, and what does it allow?

Add it to MIDDLEWARE after AuthenticationMiddleware. It wraps; admission.py decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from . import admission
from .access import gate, grants
from .access.rules import access_rule_of
from .exceptions import TokenError
from .extraction import token_in_body, token_in_query
from .privacy import keep_private
from .rules import rule_of

View = Callable[..., Any]


class RequestTokenMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
            # An async one, or Django would send every request without a token to a thread.
            self.process_view = self.aprocess_view  # type: ignore[method-assign, assignment]

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._acall(request)
        try:
            response: HttpResponseBase = self.get_response(request)
        except BaseException:
            admission.conclude(request, None)
            raise
        return self._finish(request, response)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await self.get_response(request)
        except asyncio.CancelledError:
            await sync_to_async(admission.conclude)(request, None, has_left=True)
            raise
        except BaseException:
            await sync_to_async(admission.conclude)(request, None)
            raise
        if admission.visit_of(request) is None:
            return self._finish(request, response)
        return await sync_to_async(self._finish)(request, response)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponse | None:
        rule = rule_of(view)
        encoded = token_in_query(request) or (token_in_body(request) if rule else None)
        return admission.decide(request, rule, encoded) or gate.decide(request, view, args, kwargs)

    async def aprocess_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponse | None:
        if rule_of(view) is None and access_rule_of(view) is None and token_in_query(request) is None:
            return None
        return await sync_to_async(type(self).process_view)(self, request, view, args, kwargs)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A TokenError that a view raises gets the same page as one of our own."""
        if not isinstance(exception, TokenError):
            return None
        return admission.refuse(request, exception)

    def _finish(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        admission.conclude(request, response)
        grants.end(request)
        return keep_private(request, response)

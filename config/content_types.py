"""
A 400 with the site's own page for a Content-Type that Django cannot hold.

Threat: ``Content-Type: text/plain; charset=hex``, from anybody, to any address. Django accepts every Python codec as a
charset and decodes the query string with it while it builds the request, before any middleware or error page could
answer. So wsgi.py and asgi.py look at the header first and replace it with UNREADABLE, which is harmless until
ContentTypeMiddleware answers it.

What Django can hold passes. A form in another charset or a multipart body without a boundary hurts only a view that
reads it, and is answered 400 there. Do not refuse those here: a one-click unsubscribe (RFC 8058) reads no body and must
work whatever a mailbox provider sends.
"""

from __future__ import annotations

import codecs
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[Mapping[str, Any]]]
    Send = Callable[[Mapping[str, Any]], Awaitable[None]]
    ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

UNREADABLE = "application/x-unreadable"

# What addresses and forms are written with. A charset that does not read these as ASCII does is not a text encoding
# ("hex"), always fails ("undefined"), or finds other parameters than everybody else does (UTF-7, EBCDIC).
_SAMPLE = rb"/?name=%41+a~b&\u0041"


def guard_wsgi(application: WSGIApplication) -> WSGIApplication:
    """The application, with every Content-Type that it could not hold replaced."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not can_be_held(environ.get("CONTENT_TYPE", "")):
            environ["CONTENT_TYPE"] = UNREADABLE
        return application(environ, start_response)

    return guarded


def guard_asgi(application: ASGIApplication) -> ASGIApplication:
    """The application, with every Content-Type that it could not hold replaced."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        headers = list(scope.get("headers", ()))
        # Sent twice, it is one header to Django, with a comma between.
        content_type = ",".join(value.decode("latin-1") for name, value in headers if name == b"content-type")
        if not can_be_held(content_type):
            others = [header for header in headers if header[0] != b"content-type"]
            scope = {**scope, "headers": [*others, (b"content-type", UNREADABLE.encode())]}
        await application(scope, receive, send)

    return guarded


def can_be_held(content_type: str) -> bool:
    """True if Django can make a request with this header, whatever is in the query string."""
    try:
        # Django's own parser: another one might find another charset.
        _media_type, parameters = parse_header_parameters(content_type)
        charset = parameters.get("charset", "")
        return not _is_codec(charset) or _SAMPLE.decode(charset, "replace") == _SAMPLE.decode("ascii")
    except (LookupError, ValueError):
        return False


def _is_codec(charset: str) -> bool:
    try:
        codecs.lookup(charset)
    except LookupError:  # Django ignores unknown names.
        return False
    return True


class ContentTypeMiddleware:
    """Answers 400 to what guard_wsgi and guard_asgi have marked. Put it before whatever reads a request."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        # Nothing is awaited here: under ASGI the caller awaits what get_response returns.
        if request.content_type == UNREADABLE:
            raise BadRequest("Content-Type cannot be read")
        return self.get_response(request)

"""Where redirects may lead, and which of them no cache may keep."""

import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from apps.tokens.conf import token_settings
from apps.tokens.links import remove_token, replace_parameter


def safe_path(url: str) -> str:
    """The path if it stays on this site, an empty string if not. A token in it is taken out."""
    # Threats: //host and \\host leave the site; a control character, also one written as %0d, ends a
    # header or hides the two before it from a check; a token here would be kept and shown to staff.
    if not all(_stays_here(candidate) for candidate in (url, unquote(url))):
        return ""
    return remove_token(url)


class PrivateRedirectsMiddleware:
    """Keeps them out of caches. Put it before SecurityMiddleware and CommonMiddleware, which answer by themselves."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self._is_async:
            return self._later(request)
        return _keep_private(self.get_response(request))

    async def _later(self, request: HttpRequest) -> Any:
        return _keep_private(await self.get_response(request))


def _keep_private(response: HttpResponseBase) -> HttpResponseBase:
    # Threat: a 301 to https, or to the address with its slash. Browsers and proxies keep it, with the link in it.
    location = response.headers.get("Location", "")
    if urlsplit(location).query and _without_tokens(location) != location:
        response.headers["Cache-Control"] = "no-store, private"
        response.headers["Referrer-Policy"] = "same-origin"
    return response


def _without_tokens(url: str) -> str:
    for name in (token_settings.REQUEST_TOKEN_QUERYSTRING, token_settings.ACCESS_TOKEN_QUERYSTRING):
        url = replace_parameter(url, name, None)
    return url


def _stays_here(url: str) -> bool:
    return (
        url.startswith("/")
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
        and not any(unicodedata.category(character) == "Cc" for character in url)
    )

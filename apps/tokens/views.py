"""The two pages that the middleware shows in place of a view, and what every answer to a token says."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.http import escape_leading_slashes

from .conf import token_settings
from .exceptions import TokenError
from .links import remove_token
from .models import RequestToken


def confirm(request: HttpRequest, token: RequestToken, template: str) -> HttpResponse:
    """Who the link is for and one button, whose form posts to the same address."""
    return render(request, template, {"token": token})


def refused(request: HttpRequest, error: TokenError, *, is_optional: bool) -> HttpResponse:
    """403: what happened, what to do next, and where the page needs no token, the way to it."""
    # Threat: the path "//evil.example", which a browser takes for another site.
    address = escape_leading_slashes(remove_token(request.get_full_path())) if is_optional else ""
    context = {"error": error, "url_without_token": address}
    return render(request, token_settings.REQUEST_TOKEN_403_TEMPLATE, context, status=403)


def keep_private(response: HttpResponseBase) -> None:
    """Keep the answer to a link, and the link itself, out of caches, referrers and search engines."""
    # Threat: a private page in a shared cache.
    response.headers.pop("Cache-Control", None)
    patch_cache_control(response, no_store=True, private=True)
    # Threat: the link in the Referer of whatever the page links to. Not "no-referrer": browsers
    # then send "Origin: null" with the confirm form, which Django's CSRF check refuses.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"

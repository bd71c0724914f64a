"""What every answer to a link tells browsers, caches and search engines."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

from .extraction import carries_token

Response = TypeVar("Response", bound=HttpResponseBase)


def keep_private(request: HttpRequest, response: Response) -> Response:
    """The response; if the request carried a token, then fit for nobody but the visitor."""
    if not carries_token(request):
        return response
    # Threat: a private page in a shared cache.
    response.headers.pop("Cache-Control", None)
    patch_cache_control(response, no_store=True, private=True)
    # Threat: the link in the Referer that another site gets. Not "no-referrer": browsers then send
    # "Origin: null" with the confirm form, which Django's CSRF check refuses.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response

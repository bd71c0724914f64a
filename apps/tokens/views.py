"""The two pages that the middleware shows in place of a view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
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
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"code": error.code, "message": f"{error.title}. {error.message}"}, status=403)
    # Threat: the path "//evil.example", which a browser takes for another site.
    address = escape_leading_slashes(remove_token(request.get_full_path())) if is_optional else ""
    # The token only if it is genuine: a forged or mangled link learns nothing.
    context = {"error": error, "token": error.token, "url_without_token": address}
    return render(request, token_settings.REQUEST_TOKEN_403_TEMPLATE, context, status=403)

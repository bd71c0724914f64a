"""
The pages for 400, 403, 404 and 500.

Django's own views for them read the body, to check a CSRF token that they do not need. Where the body is what is
wrong, an error page that reads it raises in turn, and the visitor gets a 500 for a mistyped address.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(render_to_string("400.html", {"site_name": settings.SITE_NAME}), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    # Without a request: it, or what its context processors ask for, may be what broke.
    return HttpResponse(render_to_string("500.html", {"site_name": settings.SITE_NAME}), status=500)

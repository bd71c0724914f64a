"""The Content-Security-Policy of ``SECURE_CSP`` on Django 5.2. Delete it with Django 5.2: 6.0 has the same built in."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

HEADER = "Content-Security-Policy"


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Adds the header to every response that has none of its own, as Django 6's middleware of this name does."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # The pages with the traceback, and the list of addresses, have inline styles and scripts.
        is_debug_page = settings.DEBUG and response.status_code in (404, 500)
        if settings.SECURE_CSP and not is_debug_page:
            policy = "; ".join(" ".join([name, *values]) for name, values in settings.SECURE_CSP.items())
            response.headers.setdefault(HEADER, policy)
        return response

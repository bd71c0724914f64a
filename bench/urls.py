"""The views that are measured, each set up as its package's documentation says."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import render
from django.urls import include, path
from django.views.defaults import permission_denied
from magiclink.views import LoginVerify
from request_token.decorators import use_request_token as use_ancestor_token
from sesame.decorators import authenticate
from sesame.views import LoginView

from apps.tokens.decorators import use_request_token
from apps.tokens.exceptions import InvalidTokenError
from bench import by_hand


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Below /site/ Latchkey's page for everybody, elsewhere Django's own single line."""
    if not request.path.startswith("/site/"):
        response: HttpResponseForbidden = permission_denied(request, exception)
        return response
    return render(request, "tokens/403.html", {"error": InvalidTokenError()}, status=403)


handler403 = refused

views = [
    path("page/", by_hand.page),
    path("token/", use_request_token(scope="bench", required=True)(by_hand.page)),
    path("sign-in/", use_request_token(scope="bench.sign_in", required=True)(by_hand.signed_in)),
    path("ancestor/", use_ancestor_token(scope="bench", required=True)(by_hand.page)),
    path("ancestor/sign-in/", use_ancestor_token(scope="bench.sign_in", required=True)(by_hand.signed_in)),
    path("sesame/", authenticate(by_hand.page)),
    path("sesame/sign-in/", LoginView.as_view()),
    path("magiclink/sign-in/", LoginVerify.as_view()),
    path("value/", by_hand.signed_value),
    path("orm/", by_hand.with_the_orm),
    path("sql/", by_hand.in_sql),
]

urlpatterns = [
    *views,
    path("site/", include(views)),
    path("magiclink/", include("magiclink.urls", namespace="magiclink")),
    path("admin/", admin.site.urls),
]

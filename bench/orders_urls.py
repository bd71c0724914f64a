"""The views of bench/orders.py, each as its package's documentation has it."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from request_token.decorators import use_request_token as use_ancestor_token
from sesame.decorators import authenticate
from sesame.views import LoginView

from apps.tokens.decorators import use_request_token


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello, {request.user}")


urlpatterns = [
    path("latchkey/", use_request_token(scope="bench", required=True)(page)),
    path("ancestor/", use_ancestor_token(scope="bench", required=True)(page)),
    path("sesame/", authenticate(page)),
    path("sesame/login/", LoginView.as_view(next_page="/")),
]

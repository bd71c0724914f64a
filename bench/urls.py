"""The views that bench/request_tokens.py measures."""

from django.apps import apps
from django.urls import path

from apps.tokens.decorators import use_request_token
from bench import by_hand

urlpatterns = [
    path("page/", by_hand.page),
    path("token/", use_request_token(scope="bench", required=True)(by_hand.page)),
    path("sign-in/", use_request_token(scope="bench.sign_in", required=True)(by_hand.page)),
    path("orm/", by_hand.with_the_orm),
    path("sql/", by_hand.in_sql),
]

if apps.is_installed("request_token"):
    from bench import ancestor

    urlpatterns.append(path("ancestor/", ancestor.view))

"""The views that bench/request_tokens.py measures."""

import importlib.util

from django.shortcuts import render
from django.urls import path

from apps.tokens.decorators import use_request_token


def page(request):
    return render(request, "page.html", {"numbers": range(20)})


urlpatterns = [path("page/", page), path("token/", use_request_token(scope="bench", required=True)(page))]

if importlib.util.find_spec("request_token"):
    from request_token.decorators import use_request_token as ancestor

    urlpatterns.append(path("ancestor/", ancestor(scope="bench", required=True)(page)))

"""The views that bench/request_tokens.py measures."""

import importlib.util

from django.http import HttpResponse
from django.template import engines
from django.urls import path

from apps.tokens.decorators import use_request_token

PAGE = engines["django"].from_string("<ul>{% for n in numbers %}<li>{{ n }}</li>{% endfor %}</ul>")


def page(request):
    return HttpResponse(PAGE.render({"numbers": range(20)}, request))


urlpatterns = [path("page/", page), path("token/", use_request_token(scope="bench", required=True)(page))]

if importlib.util.find_spec("request_token"):
    from request_token.decorators import use_request_token as ancestor

    urlpatterns.append(path("ancestor/", ancestor(scope="bench", required=True)(page)))

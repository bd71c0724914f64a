"""The recipes of the app's README for code that a decorator alone does not reach, as they stand there."""

import re
import sys
import types

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from apps.tokens.decorators import use_request_token
from apps.tokens.models import RequestToken
from config.urls import urlpatterns
from tests.factories import UserFactory
from tests.hosts.project import README

SCOPE = "reports.download"


def run_block(word):
    """What the block that has this word in it defines."""
    [block] = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if word in block]
    names = {"__name__": "recipe", "make_report": lambda user, **data: HttpResponse(f"{user.email} {data}")}
    exec(block, names)
    return names


@pytest.fixture
def recipes(settings):
    from rest_framework.authentication import BasicAuthentication, SessionAuthentication
    from rest_framework.decorators import api_view, authentication_classes, permission_classes
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.response import Response

    recipe = run_block("RequestTokenAuthentication")["RequestTokenAuthentication"]

    def make_view(*classes):
        @api_view(["GET", "POST"])
        @authentication_classes(classes)
        @permission_classes([IsAuthenticated])
        def view(request):
            return Response({"user": request.user.email})

        return view

    module = types.ModuleType("recipes")
    module.urlpatterns = [
        path("operation/", run_block("def operation")["operation"]),
        path("with/", use_request_token(scope=SCOPE)(make_view(recipe, SessionAuthentication))),
        path("without/", use_request_token(scope=SCOPE)(make_view(BasicAuthentication))),
        path("undeclared/", make_view(recipe, SessionAuthentication)),
        *urlpatterns,
    ]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    settings.REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
    yield
    del sys.modules[module.__name__]


@pytest.fixture
def token(db):
    user = UserFactory(email="reader@example.com")
    return RequestToken.objects.create_token(SCOPE, login_mode="Request", user=user, data={"year": 2026})


def test_a_block_admits_once_where_no_decorator_reaches(client, recipes, token):
    url = token.tokenise("/operation/")

    assert client.get(url).text == "reader@example.com {'year': 2026}"
    assert client.get(url).context["error"].code == "used_up"


@pytest.mark.parametrize("method", ["get", "post"])
def test_django_rest_framework_sees_the_user_of_the_link(client, recipes, token, method):
    response = getattr(client, method)(token.tokenise("/with/"))

    assert response.json() == {"user": "reader@example.com"}


def test_without_the_recipe_the_view_is_not_entered_and_the_link_not_used_up(client, recipes, token):
    assert client.get(token.tokenise("/without/")).status_code == 401

    assert RequestToken.objects.get().used_to_date == 0


def test_a_token_that_the_view_did_not_ask_for_authenticates_nobody(client, recipes, token):
    assert client.get(token.tokenise("/undeclared/")).status_code == 401


def test_a_session_with_a_token_that_the_view_did_not_ask_for_needs_its_csrf_token(recipes, token, strict_client):
    strict_client.force_login(token.user)

    response = strict_client.post(token.tokenise("/undeclared/"))

    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]


@pytest.fixture
def strict_client():
    return Client(enforce_csrf_checks=True)

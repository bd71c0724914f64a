"""The examples of django-request-token's documentation, as it gives them."""

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path

from ..decorators import use_request_token
from ..models import RequestToken
from .support import refusal


@pytest.fixture(autouse=True)
def documented_urls(settings):
    settings.ROOT_URLCONF = __name__


@use_request_token(scope="foo")
def view_func(request):
    # extract the affiliate id from an token _if_ one is supplied
    affiliate_id = (
        request.token.data['affiliate_id']
        if hasattr(request, 'token')
        else None
    )  # fmt: skip
    return HttpResponse(f"affiliate {affiliate_id}, user {request.user}")


@use_request_token(scope="bar")
def incorrect_scope(request):
    return HttpResponse("never")


urlpatterns = [path("foo/", view_func), path("bar/", incorrect_scope)]


def test_public_link_with_payload(client, db):
    token = RequestToken.objects.create_token(
        scope="foo",
        login_mode=RequestToken.LOGIN_MODE_NONE,
        data={
            'affiliate_id': 1
        }
    )  # fmt: skip

    assert client.get("/foo/?rt=" + token.jwt()).text == "affiliate 1, user AnonymousUser"


def test_public_link_without_token(client, db):
    assert client.get("/foo/").text == "affiliate None, user AnonymousUser"


def test_single_request(client, user):
    token = RequestToken.objects.create_token(
        scope="foo", login_mode=RequestToken.LOGIN_MODE_REQUEST, user=user, data={"affiliate_id": 2}
    )

    assert client.get("/foo/?rt=" + token.jwt()).text == f"affiliate 2, user {user}"


def test_auto_login(client, user):
    token = RequestToken.objects.create_token(
        scope="foo", login_mode=RequestToken.LOGIN_MODE_SESSION, user=user, data={"affiliate_id": 3}
    )

    client.post("/foo/?rt=" + token.jwt())

    assert client.get("/foo/").text == f"affiliate None, user {user}"


def test_scopes_that_do_not_match_are_a_403_without_calling_the_function(client, db):
    token = RequestToken.objects.create_token(scope="foo")

    response = client.get("/bar/?rt=" + token.jwt())

    assert refusal(response) == "scope"


def test_a_link_in_a_template(db):
    token = RequestToken.objects.create_token(scope="foo")

    page = render_to_string("documented_link.html", {"url": "/foo/", "token": token})

    assert f'<a href="/foo/?rt={token.jwt()}>click here</a>' in page

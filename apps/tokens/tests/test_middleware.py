import asyncio
import json
from http import HTTPStatus

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, RequestFactory
from django.urls import path

from ..middleware import RequestTokenMiddleware
from ..models import RequestToken
from ..rules import state_of
from . import urls

GUARDED = {
    "Cache-Control": "no-store, private",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


def guards(response):
    return {name: response.headers.get(name) for name in GUARDED}


# Where a token is looked for


def test_without_a_token_the_request_has_no_such_attribute(client, db):
    assert client.get("/undeclared/").json()["has_token"] is False


@pytest.mark.parametrize("value", ["", "%20"])
def test_a_parameter_that_only_looks_like_ours_is_left_alone(client, db, value):
    assert client.get(f"/undeclared/?start={value}&rt2=1").json()["has_token"] is False


def test_without_our_parameter_the_query_string_is_not_parsed():
    request = RequestFactory().get("/?a=1")

    assert not state_of(request).carries_token
    assert "GET" not in vars(request)


def test_a_body_of_another_kind_of_json_is_left_to_the_view(client, request_token):
    body = json.dumps({"rt": request_token.jwt()})

    assert client.post("/optional/", body, content_type="application/vnd.api+json").json()["token"] is None


def test_an_empty_parameter_is_no_token(client, db):
    assert client.get("/undeclared/?rt=").json()["has_token"] is False


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_the_query_string_is_read_on_any_method(client, request_token, method):
    seen = getattr(client, method)(request_token.tokenise("/optional/")).json()

    assert seen["token"] == request_token.pk


def test_the_parameter_has_the_name_that_the_settings_say(client, make_token, settings):
    settings.REQUEST_TOKEN_QUERYSTRING = "ticket"

    seen = client.get("/optional/", {"ticket": make_token().jwt(), "rt": "not ours"}).json()

    assert seen["token"] is not None


@pytest.mark.parametrize("path", ["/optional/", "/required/"])
def test_a_form_field_is_read_for_a_view_that_declared_a_scope(client, request_token, path):
    seen = client.post(path, {"rt": request_token.jwt()}).json()

    assert seen["token"] == request_token.pk


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_json_member_is_read_for_a_view_that_declared_a_scope(client, request_token, method):
    body = json.dumps({"rt": request_token.jwt()})

    seen = getattr(client, method)("/optional/", body, content_type="application/json").json()

    assert seen["token"] == request_token.pk


def test_a_body_is_never_parsed_for_a_view_that_declared_nothing(client, request_token):
    body = f"rt={request_token.jwt()}"

    response = client.post("/undeclared-body/", body, content_type="application/x-www-form-urlencoded")

    assert response.json() == {"was_read": False, "has_token": False}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b'"rt"',
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"rt": null}',
        b'{"rt": ""}',
    ],
    ids=lambda body: str(body[:12]),
)
def test_a_json_body_without_a_token_is_no_error(client, db, body):
    assert client.post("/optional/", body, content_type="application/json").json()["token"] is None


@pytest.mark.parametrize("value", [5, True, ["x"], {"x": 1}, "x" * 10_000], ids=lambda value: str(value)[:9])
def test_a_json_token_that_is_none_of_ours_is_refused(client, db, value):
    response = client.post("/optional/", json.dumps({"rt": value}), content_type="application/json")

    assert response.status_code == 403


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "text/plain"),
        (b"\0\xff", "application/octet-stream"),
        (b"rt=%ff", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"", "nonsense"),
        (b"{}", "application/json; charset=nonsense"),
        (b"{}", "application/json; charset=hex"),
        (b"rt=x", "application/x-www-form-urlencoded; charset=hex"),
        (b"rt=x", "application/x-www-form-urlencoded; charset=latin-1"),
        (b"--x\r\n", "multipart/form-data; boundary=x; charset=undefined"),
    ],
)
def test_no_body_makes_a_declared_view_fail(crashing_client, db, body, content_type):
    assert crashing_client.generic("POST", "/optional/", body, content_type).status_code < 500


# A token on any URL


@pytest.mark.parametrize("path", ["/undeclared/", "/optional/", "/required/", "/inside/"])
@pytest.mark.parametrize("rubbish", ["x", "a.b.c", "é", "%00", "%ED%A0%80", "x" * 5000, "..", "null"])
def test_a_token_that_cannot_be_verified_is_refused_on_any_url(client, db, path, rubbish):
    assert client.get(f"{path}?rt={rubbish}").status_code == 403


def test_a_good_token_on_another_view_is_attached_and_changes_nothing(client, request_token):
    seen = client.get(request_token.tokenise("/undeclared/")).json()

    assert (seen["token"], seen["user"]) == (request_token.pk, None)
    assert RequestToken.objects.get().used_to_date == 0
    assert not request_token.logs.exists()


def test_a_session_link_signs_nobody_in_on_another_view(client, session_token):
    client.post(session_token.tokenise("/undeclared/"))

    assert client.get("/undeclared/").json()["user"] is None


def test_a_withdrawn_token_brings_no_payload_to_another_view(client, make_token):
    token = make_token(data={"affiliate_id": 1})
    token.revoke()

    assert client.get(token.tokenise("/undeclared/")).status_code == 403


# What the answer says to browsers, caches and search engines


@pytest.mark.parametrize(
    "path", ["/undeclared/", "/optional/", "/asks/", "/publicly-cached/", "/answers/404/", "/no-such-page/"]
)
def test_an_answer_to_a_token_is_kept_private(client, request_token, path):
    assert guards(client.get(request_token.tokenise(path))) == GUARDED


def test_a_refusal_is_kept_private(client, db):
    assert guards(client.get("/undeclared/?rt=x")) == GUARDED


def test_an_answer_to_a_token_in_the_body_is_kept_private(client, request_token):
    assert guards(client.post("/optional/", {"rt": request_token.jwt()})) == GUARDED


def test_a_page_for_a_token_is_not_kept_by_a_cache_around_the_view(client, request_token, user):
    client.get(request_token.tokenise("/cached/"))

    assert client.get(request_token.tokenise("/cached/")).status_code == 403


def test_a_token_in_the_body_of_a_get_is_no_token(client, request_token):
    """A cache knows a GET by its address alone."""
    response = client.generic("GET", "/cached/", json.dumps({"rt": request_token.jwt()}), "application/json")

    assert response.json()["token"] is None


def test_an_answer_without_a_token_is_left_alone(client, db):
    response = client.get("/publicly-cached/")

    assert response.headers["Cache-Control"] == "public, max-age=3600"
    assert "X-Robots-Tag" not in response.headers


# Errors that are not ours


def test_another_librarys_jwt_error_stays_what_it_is(client, db, settings):
    settings.ROOT_URLCONF = __name__

    with pytest.raises(ForeignError):
        client.get("/foreign/")


def test_a_token_error_raised_by_a_view_gets_the_refusal_page(client, db):
    response = client.get("/refuses/")

    assert response.status_code == 403
    assert response.context["error"].code == "expired"


# Async


@pytest.mark.django_db(transaction=True)
class TestAsync:
    """The same decisions under ASGI, with a real event loop."""

    def test_an_async_view_gets_the_tokens_user(self, request_token, user):
        response = run(self.get(request_token.tokenise("/async/")))

        assert response.json()["user"] == user.email

    def test_a_sync_view_gets_the_tokens_user(self, request_token, user):
        response = run(self.get(request_token.tokenise("/optional/")))

        assert response.json()["user"] == user.email

    def test_an_async_class_based_view_gets_the_tokens_user(self, request_token, user):
        response = run(self.get(request_token.tokenise("/async-mixin/")))

        assert response.json()["user"] == user.email

    def test_a_session_link_signs_in(self, session_token, user):
        async def visit():
            client = AsyncClient()
            await client.post(session_token.tokenise("/async/"))
            return await client.get("/async/")

        assert run(visit()).json()["user"] == user.email

    def test_an_answer_is_kept_private(self, request_token):
        assert guards(run(self.get(request_token.tokenise("/async/")))) == GUARDED

    def test_a_failing_view_gives_the_use_back(self, request_token):
        response = run(self.get(request_token.tokenise("/async-failure/")))

        assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        assert RequestToken.objects.get().used_to_date == 0

    def test_an_exception_that_no_page_is_made_of_gives_the_use_back(self, request_token, settings):
        settings.DEBUG_PROPAGATE_EXCEPTIONS = True

        with pytest.raises(RuntimeError):
            run(self.get(request_token.tokenise("/async-failure/")))

        assert RequestToken.objects.get().used_to_date == 0

    def test_a_forged_token_is_refused(self):
        assert run(self.get("/async/?rt=x")).status_code == HTTPStatus.FORBIDDEN

    def test_a_visitor_who_hangs_up_has_used_the_link(self, request_token):
        async def visit():
            urls.urls_events["entered"] = asyncio.Event()
            task = asyncio.ensure_future(AsyncClient().get(request_token.tokenise("/never-answers/")))
            await urls.urls_events["entered"].wait()
            task.cancel()
            await asyncio.wait([task])

        run(visit())

        assert RequestToken.objects.get().used_to_date == 1
        assert request_token.logs.get().status_code is None

    def test_a_visitor_who_leaves_before_the_view_ran_has_not_used_the_link(self, request_token):
        async def visit():
            started = asyncio.Event()

            async def handler(request):
                assert await middleware.process_view(request, urls.asynchronous, (), {}) is None
                started.set()
                await asyncio.Event().wait()

            middleware = RequestTokenMiddleware(handler)
            request = RequestFactory().get(request_token.tokenise("/"))
            request.user = request_token.user
            task = asyncio.ensure_future(middleware(request))
            await started.wait()
            claimed = await sync_to_async(RequestToken.objects.get)()
            task.cancel()
            await asyncio.wait([task])
            return claimed.used_to_date

        assert run(visit()) == 1
        assert RequestToken.objects.get().used_to_date == 0

    async def get(self, url):
        return await AsyncClient(raise_request_exception=False).get(url)


def run(visit):
    """The result of the coroutine; its thread's database connections are closed behind it."""

    async def visit_and_close():
        try:
            return await visit
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(visit_and_close())


class ForeignError(Exception):
    pass


def foreign(request):
    raise ForeignError


urlpatterns = [path("foreign/", foreign)]

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import override

from .. import exceptions
from . import any_path
from .support import FUTURE, PAST

REASONS = [
    ({"revoked_at": PAST}, "withdrawn"),
    ({"expiration_time": PAST}, "expired"),
    ({"not_before_time": FUTURE}, "does not work yet"),
    ({"used_to_date": 1}, "already been used"),
    ({"scope": "other"}, "another page"),
]


@pytest.mark.parametrize(("fields", "words"), REASONS, ids=[words for _, words in REASONS])
def test_the_holder_of_a_genuine_link_is_told_the_reason(client, make_token, fields, words):
    assert words in client.get(make_token(**fields).tokenise("/optional/")).text


FACTS = [
    ({"revoked_at": PAST}, "It was withdrawn on"),
    ({"expiration_time": PAST}, "It expired on"),
    ({"not_before_time": FUTURE}, "It works from"),
    ({"used_to_date": 1, "last_used_at": PAST}, "It was last used on"),
]


@pytest.mark.parametrize(("fields", "words"), FACTS, ids=[words for _, words in FACTS])
def test_the_holder_of_a_genuine_link_is_told_when(client, make_token, fields, words, settings):
    settings.TIME_ZONE = "Europe/Vienna"
    moment = FUTURE if "not_before_time" in fields else PAST

    page = client.get(make_token(**fields).tokenise("/optional/")).text

    assert f"{words} {date_format(localtime(moment), 'DATETIME_FORMAT')}" in page
    assert ".." not in page


@pytest.mark.parametrize(("ago", "expected"), [(1, True), (3, False), (-1, False)])
def test_a_page_can_tell_whether_a_link_was_used_within_two_minutes(client, make_token, ago, expected):
    token = make_token(used_to_date=1, last_used_at=now() - timedelta(minutes=ago))

    response = client.get(token.tokenise("/optional/"))

    assert response.context["error"].was_moments_ago is expected


@pytest.mark.parametrize(("accept", "kind"), [("application/json", "json"), ("*/*", "html"), ("image/png", "html")])
def test_a_client_that_prefers_json_gets_json(client, request_token, accept, kind):
    request_token.revoke()

    response = client.get(request_token.tokenise("/optional/"), headers={"Accept": accept})

    assert response.status_code == 403
    assert kind in response.headers["Content-Type"]


def test_a_json_refusal_has_a_code_and_a_message(client, request_token):
    request_token.revoke()

    answer = client.get(request_token.tokenise("/optional/"), headers={"Accept": "application/json"}).json()

    assert answer == {
        "code": "revoked",
        "message": "This link has been withdrawn. It no longer works. Please ask for a new one.",
    }


def test_every_forged_or_mangled_link_gets_the_same_answer(client, request_token, make_token):
    expired = make_token(expiration_time=PAST).jwt()
    forged = ["x", "a.b.c", request_token.jwt()[:-1], expired[:-5], request_token.jwt() + "A"]

    pages = {client.get("/optional/", {"rt": jwt}).text for jwt in forged}

    assert len(pages) == 1


def test_a_view_that_requires_a_token_says_where_the_link_is(client, db):
    assert "link that you were sent" in client.get("/required/").text


@pytest.mark.parametrize("path", ["/optional/?a=1&b=", "/undeclared/?a=1&b="])
def test_where_the_token_is_optional_the_page_offers_the_address_without_it(client, db, path):
    response = client.get(path + "&rt=x")

    assert response.context["url_without_token"] == path
    assert "a=1&amp;b=" in response.text


def test_where_the_token_is_required_the_page_does_not_offer_it(client, db):
    assert "href" not in client.get("/required/?rt=x").text


def test_the_offered_address_never_leaves_the_site(client, db, settings):
    settings.ROOT_URLCONF = any_path.__name__

    response = client.get("/?rt=x", PATH_INFO="//evil.example/")

    assert response.context["url_without_token"] == "/%2Fevil.example/"


def test_the_project_can_name_its_own_page(client, db, settings):
    settings.REQUEST_TOKEN_403_TEMPLATE = "own_403.html"

    response = client.get("/optional/?rt=x")

    assert (response.status_code, response.text) == (403, "Own page: invalid\n")


def test_nothing_of_the_link_is_shown(client, request_token):
    link = request_token.tokenise("/optional/")
    request_token.revoke()

    assert request_token.jwt()[:30] not in client.get(link).text


def leaves(error=exceptions.TokenError):
    return [leaf for child in error.__subclasses__() for leaf in [child, *leaves(child)]]


def test_every_reason_has_a_code_and_a_message_of_its_own():
    codes = {leaf.code for leaf in leaves()}
    titles = {str(leaf.title) for leaf in leaves()}
    messages = {str(leaf.message) for leaf in leaves()}

    assert len(codes) == len(titles) == len(messages) == len(leaves()) >= 12


@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.code)
def test_every_reason_has_german_words(leaf):
    english = (str(leaf.title), str(leaf.message))

    with override("de"):
        german = (str(leaf.title), str(leaf.message))

    assert not set(german) & set(english)


def test_a_page_says_which_language_it_speaks(client):
    with override("de"):
        german = client.get("/optional/?rt=x").text
    with override("tlh"):
        unknown = client.get("/optional/?rt=x").text

    assert '<html lang="de">' in german
    assert '<html lang="en">' in unknown


def test_every_refusal_is_djangos_permission_denied():
    assert issubclass(exceptions.TokenError, PermissionDenied)

"""Whole requests of rubbish from strangers, at every address of the site: no 5xx, nobody signed in, nothing written."""

import json
import random
import re

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from apps.tokens.models import RequestToken
from tests.factories import UserFactory

SEED = 20261124
METHODS = ["GET", "GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X"]
FIELDS = [
    "rt",
    "at",
    "email",
    "code",
    "link",
    "next",
    "name",
    "List-Unsubscribe",
    "csrfmiddlewaretoken",
    "_method",
    "page",
]
CONTENT_TYPES = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain; charset=utf-16",
    "application/x-www-form-urlencoded; charset=latin-1",
    "x",
    "",
]
HEADERS = ["Accept", "Accept-Language", "Purpose", "Sec-Purpose", "Origin", "Referer", "User-Agent", "X-Forwarded-For"]
COOKIES = ["__Host-asked", "__Host-browser", "sessionid", "csrftoken", "messages", "invited_by"]


def doors(patterns, prefix="/"):
    """Every address, with something in the place of its arguments."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from doors(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern.pattern, RoutePattern):
            yield re.sub(r"<[^>]+>", "1", prefix + str(pattern.pattern))


@pytest.fixture
def jwts(db):
    """Genuine tokens of every kind. None is sent as it is."""
    member, modes = UserFactory(email="member@example.com"), RequestToken.LoginMode
    scopes = {
        "accounts.login": modes.SESSION,
        "newsletter.unsubscribe": modes.REQUEST,
        "newsletter.confirm": modes.NONE,
    }
    users = {modes.NONE: None}
    return [
        RequestToken.objects.create_token(scope=scope, login_mode=mode, user=users.get(mode, member)).jwt()
        for scope, mode in scopes.items()
    ]


def rows():
    return {model: list(model.objects.order_by("pk").values()) for model in apps.get_models()}


@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.proof)])
def test_no_rubbish_gets_in_breaks_a_page_or_leaves_a_trace(jwts, count):
    chance, addresses = random.Random(SEED), sorted(doors(get_resolver().url_patterns))
    before = rows()

    answers = [send(chance, addresses, jwts) for _ in range(count)]

    assert [answer.request for answer in answers if answer.status_code >= 500] == []
    # A cookie that is no session's is taken away.
    assert {answer.cookies["sessionid"].value for answer in answers if "sessionid" in answer.cookies} <= {""}
    assert rows() == before


def send(chance, addresses, jwts):
    def rubbish():
        return make_rubbish(chance, chance.choice(jwts))

    # Of many networks, so that no limit stops it.
    browser = Client(REMOTE_ADDR=f"10.{chance.randrange(256)}.{chance.randrange(256)}.1")
    for name in COOKIES:
        if chance.random() < 0.3:
            browser.cookies[name] = rubbish()
    fields = {chance.choice(FIELDS): rubbish() for _ in range(chance.randrange(4))}
    content_type = chance.choice(CONTENT_TYPES)
    body = json.dumps(fields) if "json" in content_type else "&".join(f"{name}={text}" for name, text in fields.items())
    return browser.generic(
        chance.choice(METHODS),
        chance.choice(addresses),
        body[: chance.choice([3, 10_000])].encode("utf-8", "replace"),
        content_type,
        headers={name: "".join(rubbish()[:300].split("\n")) for name in HEADERS if chance.random() < 0.2},
        QUERY_STRING="&".join(f"{chance.choice(FIELDS)}={rubbish()}" for _ in range(chance.randrange(3))),
    )


def make_rubbish(chance, jwt):
    """A token that was tampered with, an address that is none, or any text at all."""
    place = chance.randrange(1, len(jwt))
    return chance.choice(
        [
            jwt[:place],
            jwt[:place] + chance.choice("ABCxyz_-.%0") + jwt[place:],
            jwt[place:] + jwt[:place],
            "".join(chr(chance.randrange(1, 256)) for _ in range(chance.randrange(40))),
            "//evil.example/%0d%0aLocation:x",
            "reader@",
            "BBBB-BBBB",
            "[" * 2000,
            "a" * chance.randrange(9000),
            "%ff%00%",
            "",
        ]
    )

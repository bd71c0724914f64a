"""Whole requests of rubbish at every door of the sign-in: no 5xx, nobody signed in, no account made or changed."""

import random

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tokens.models import RequestToken
from tests.factories import UserFactory

DOORS = [
    reverse(f"accounts:{name}")
    for name in ("login", "login_sent", "login_link", "enter_code", "new_link", "fresh", "signup", "not_me",
                 "change_address", "confirm_address", "sign_out_everywhere", "stored", "delete", "logout", "profile")
]  # fmt: skip
FIELDS = ["email", "code", "link", "next", "rt", "at", "name"]
REQUESTS = 300


@pytest.mark.django_db
def test_no_rubbish_gets_in_or_breaks_a_page(make_link):
    chance = random.Random(20261124)
    UserFactory(email="member@example.com")
    jwt = make_link().partition("rt=")[2]
    before = list(User.objects.order_by("pk").values())

    for _ in range(REQUESTS):
        browser = Client(REMOTE_ADDR=f"10.{chance.randrange(256)}.{chance.randrange(256)}.1")
        for name in ("__Host-asked", "__Host-browser", "sessionid"):
            if chance.random() < 0.5:
                browser.cookies[name] = rubbish(chance, jwt).encode("latin-1", "replace").decode("latin-1")
        fields = {chance.choice(FIELDS): rubbish(chance, jwt) for _ in range(chance.randrange(4))}
        method = chance.choice(["get", "post", "post", "head", "options"])
        headers = {"user-agent": rubbish(chance, jwt)[:200].encode("ascii", "replace").decode().replace("\n", " ")}

        answer = getattr(browser, method)(chance.choice(DOORS), fields, headers=headers)

        assert answer.status_code < 500
        assert "_auth_user_id" not in browser.session

    assert list(User.objects.order_by("pk").values()) == before
    assert not RequestToken.objects.filter(used_to_date__gt=0).exists()


def rubbish(chance, jwt):
    """A token that was tampered with, an address that is none, or any text at all."""
    place = chance.randrange(1, len(jwt))
    return chance.choice(
        [
            jwt[:place],
            jwt[:place] + chance.choice("ABCxyz_-.") + jwt[place:],
            jwt[place:] + jwt[:place],
            "".join(chr(chance.randrange(1, 256)) for _ in range(chance.randrange(40))),
            "//evil.example/%0d%0a",
            "reader@",
            "BBBB-BBBB",
            "a" * chance.randrange(9000),
        ]
    )

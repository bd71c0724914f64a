"""Latchkey and those it is compared with: the links of each, and what answers them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core import signing
from django.test import RequestFactory
from django.utils import timezone
from magiclink.helpers import create_magiclink
from magiclink.models import MagicLink
from request_token.models import RequestToken as Ancestor
from request_token.utils import DEFAULT_DECODE_OPTIONS
from sesame.utils import get_query_string

from apps.tokens.models import RequestToken
from bench import by_hand
from bench.measuring import Contestant, server

# PyJWT 2.10 and later refuse the ancestor's numeric "jti"; without this it admits nothing.
DEFAULT_DECODE_OPTIONS["verify_jti"] = False

LATCHKEY, ANCESTOR, MAGICLINK = "Latchkey", "django-request-token", "django-magiclink"
SESAME, SESAME_ONCE = "django-sesame", "django-sesame, one-time"
ORM, SQL, VALUE = "by hand, ORM", "by hand, SQL", "django.core.signing"

OURS = "apps.tokens.middleware.RequestTokenMiddleware"
THEIRS = "request_token.middleware.RequestTokenMiddleware"
NONE, REQUEST, SESSION = (str(mode) for mode in ("None", "Request", "Session"))

ONCE = {"SESAME_ONE_TIME": True}
DJANGO_BACKEND = "django.contrib.auth.backends.ModelBackend"
WITH_SESAME = {"AUTHENTICATION_BACKENDS": [DJANGO_BACKEND, "sesame.backends.ModelBackend"]}
WITH_MAGICLINK = {"AUTHENTICATION_BACKENDS": [DJANGO_BACKEND, "magiclink.backends.MagicLinkBackend"]}

Links = Callable[[int], list[str]]


def people(count: int) -> list[User]:
    """As the database has them now: a sign-in, or a one-time link, changes its user."""
    missing = count - User.objects.filter(username__startswith="reader").count()
    if missing > 0:
        made = [User(username=f"reader{number}", email=f"reader{number}@example.com") for number in range(count)]
        for user in made:
            user.set_unusable_password()
        User.objects.bulk_create(made, ignore_conflicts=True)
    return list(User.objects.filter(username__startswith="reader").order_by("pk")[:count])


def fields(**changed: Any) -> dict[str, Any]:
    """What a link of many uses is made with, ours and the ancestor's. Of a link's uses we record the first hundred."""
    return {"scope": "bench", "max_uses": 100, "expiration_time": timezone.now() + timedelta(days=1), **changed}


def for_user(login_mode: str) -> dict[str, Any]:
    return {"login_mode": login_mode, "user": None if login_mode == NONE else people(1)[0]}


def one_for_all(make: Callable[[], str]) -> Links:
    """One link, opened so many times."""
    return lambda count: [make()] * count


def one_each(make: Callable[[User], str]) -> Links:
    """A link for each of so many people, opened once."""
    return lambda count: [make(user) for user in people(count)]


def latchkey_link(login_mode: str, scope: str = "bench") -> str:
    return f"rt={RequestToken.objects.create_token(**fields(scope=scope), **for_user(login_mode)).jwt()}"


def by_hand_link(scope: str) -> str:
    return by_hand.link(RequestToken.objects.create_token(**fields(scope=scope), **for_user(REQUEST)))


def ancestor_link(login_mode: str) -> str:
    return f"rt={Ancestor.objects.create_token(**fields(), **for_user(login_mode)).jwt()}"


def sign_in_link(model: Any) -> Callable[[User], str]:
    made = {"scope": "bench.sign_in", "login_mode": SESSION, "max_uses": 1}
    return lambda user: f"rt={model.objects.create_token(user=user, **made).jwt()}"


def sesame_link(user: User) -> str:
    return get_query_string(user).removeprefix("?")


def magic_link(user: User) -> str:
    request = RequestFactory().get("/")
    made = create_magiclink(user.email, request)
    return urlencode({"token": made.token, "email": made.email})


def fresh_magic_links(count: int) -> list[str]:
    # Its table has no index on the token: the more links there are, the slower each click.
    MagicLink.objects.all().delete()
    return one_each(magic_link)(count)


def value_link() -> str:
    return urlencode({"value": signing.dumps({"scope": "bench"})})


def clicks(prefix: str = "/") -> dict[str, dict[str, Contestant]]:
    """Who opens a link of each kind; below /site/ a refusal has the same page for all."""

    def at(name: str, path: str, links: Links, *middleware: str, answers: int = 200, **settings: Any) -> Contestant:
        return Contestant(name, server(prefix + path, *middleware), links, answers, settings)

    plain = at("the page alone", "page/", lambda count: [""] * count)
    sesame = at(SESAME, "sesame/", one_each(sesame_link), **WITH_SESAME)
    sesame_once = at(SESAME_ONCE, "sesame/", one_each(sesame_link), **WITH_SESAME, **ONCE)
    post = server("/sign-in/", OURS, method="POST")
    sign_ins = one_each(sign_in_link(RequestToken))
    return {
        NONE: {
            LATCHKEY: at(LATCHKEY, "token/", one_for_all(lambda: latchkey_link(NONE)), OURS),
            ANCESTOR: at(ANCESTOR, "ancestor/", one_for_all(lambda: ancestor_link(NONE)), THEIRS),
            VALUE: at(VALUE, "value/", one_for_all(value_link)),
            plain.name: plain,
        },
        REQUEST: {
            LATCHKEY: at(LATCHKEY, "token/", one_for_all(lambda: latchkey_link(REQUEST)), OURS),
            ANCESTOR: at(ANCESTOR, "ancestor/", one_for_all(lambda: ancestor_link(REQUEST)), THEIRS),
            SESAME_ONCE: sesame_once,
            SESAME: sesame,
            ORM: at(ORM, "orm/", one_for_all(lambda: by_hand_link("bench.orm"))),
            SQL: at(SQL, "sql/", one_for_all(lambda: by_hand_link("bench.sql"))),
        },
        SESSION: {
            LATCHKEY: Contestant(LATCHKEY, post, sign_ins, 302),
            "Latchkey, page and button": Contestant(
                "Latchkey, page and button", page_and_button(post), sign_ins, (200, 302)
            ),
            ANCESTOR: at(ANCESTOR, "ancestor/sign-in/", one_each(sign_in_link(Ancestor)), THEIRS, answers=302),
            SESAME_ONCE: at(SESAME_ONCE, "sesame/sign-in/", one_each(sesame_link), answers=302, **WITH_SESAME, **ONCE),
            MAGICLINK: at(MAGICLINK, "magiclink/sign-in/", fresh_magic_links, answers=302, **WITH_MAGICLINK),
        },
    }


def page_and_button(post: Callable[[str], int]) -> Callable[[str], tuple[int, int]]:
    get = server("/sign-in/", OURS)
    return lambda query: (get(query), post(query))

"""
Two clicks on a link that works once, in every order of their SQL statements: who lets both in?

    pip install --no-deps -r bench/requirements.txt
    python -m bench.orders

The explorer is that of apps/tokens/tests/every_order.py, the database SQLite in memory. Each package is set up as its
documentation says. A click is won if it is answered with less than 400.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import django
from django.conf import settings
from django.core.management import call_command

STACK = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


class Contestant(NamedTuple):
    name: str
    middleware: list[str]
    link: Callable[[Any], str]
    method: str = "GET"


def main() -> None:
    configure()
    print("| two clicks on a link that works once | orders | won twice |\n|---|---|---|")
    for contestant in contestants():
        orders = list(numbers_of_wins(contestant))
        assert all(orders), f"{contestant.name} has admitted nobody"
        twice = sum(wins > 1 for wins in orders)
        print(f"| {contestant.name} | {len(orders):,} | {twice:,} |", flush=True)


def configure() -> None:
    settings.configure(
        SECRET_KEY=secrets.token_urlsafe(50),
        ALLOWED_HOSTS=["testserver"],
        USE_TZ=True,
        ROOT_URLCONF="bench.orders_urls",
        MIDDLEWARE=STACK,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "apps.tokens",
            "request_token",
        ],
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend", "sesame.backends.ModelBackend"],
        SESAME_ONE_TIME=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        LOGGING_CONFIG=None,
    )
    django.setup()
    logging.disable()
    call_command("migrate", verbosity=0)


def contestants() -> Iterator[Contestant]:
    # Only now, with settings, can models be imported.
    from request_token.models import RequestToken as Ancestor
    from request_token.utils import DEFAULT_DECODE_OPTIONS
    from sesame.utils import get_query_string

    from apps.tokens.models import RequestToken

    # PyJWT 2.10 and later refuse the ancestor's numeric "jti"; without this it admits nothing.
    DEFAULT_DECODE_OPTIONS["verify_jti"] = False

    def link_of(model: Any, path: str, mode: str) -> Callable[[Any], str]:
        return lambda user: model.objects.create_token(
            scope="bench", login_mode=mode, user=None if mode == "None" else user, max_uses=1
        ).tokenise(path)

    ours = ["apps.tokens.middleware.RequestTokenMiddleware"]
    theirs = ["request_token.middleware.RequestTokenMiddleware"]
    for mode in ("None", "Request"):
        yield Contestant(f"Latchkey, mode {mode}", ours, link_of(RequestToken, "/latchkey/", mode))
    yield Contestant("Latchkey, mode Session", ours, link_of(RequestToken, "/latchkey/", "Session"), "POST")
    for mode in ("None", "Request", "Session"):
        yield Contestant(f"django-request-token, mode {mode}", theirs, link_of(Ancestor, "/ancestor/", mode))
    yield Contestant("django-sesame, decorator", [], lambda user: "/sesame/" + get_query_string(user))
    yield Contestant("django-sesame, login view", [], lambda user: "/sesame/login/" + get_query_string(user))


def numbers_of_wins(contestant: Contestant) -> Iterator[int]:
    """For each order, the number of clicks that were won."""
    from django.contrib.auth import get_user_model
    from django.core.handlers.base import BaseHandler
    from django.test import RequestFactory, override_settings

    from apps.tokens.tests.every_order import every_order
    from apps.tokens.tests.memory import keep

    before = keep()
    user = get_user_model().objects.create_user("reader", password=secrets.token_urlsafe())
    url, put_back = contestant.link(user), keep()
    with override_settings(MIDDLEWARE=[*STACK, *contestant.middleware]):
        handler = BaseHandler()
        handler.load_middleware()

    def click() -> int:
        status: int = handler.get_response(RequestFactory().generic(contestant.method, url)).status_code
        return status

    for played in every_order([click, click], put_back):
        yield sum(status < 400 for status in played.answers.values())
    before()


if __name__ == "__main__":
    main()

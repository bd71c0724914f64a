"""
The admin of tokens at a million rows: how long its pages take, on PostgreSQL.

    TEST_DATABASE_URL=postgres://postgres@127.0.0.1:5432/latchkey python -m bench.token_admin      # --rows 100000

In a scratch database beside the one you name, dropped afterwards. Wall time of a whole page through Django's test
client, on a machine with nothing else to do; fails if the median of five is a second.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ["BENCH_DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")

import django
from django.conf import settings

from bench import settings as small_site

SETTINGS = {name: getattr(small_site, name) for name in dir(small_site) if name.isupper()}
SETTINGS["INSTALLED_APPS"] = [*SETTINGS["INSTALLED_APPS"], "django.contrib.admin", "django.contrib.staticfiles"]
SETTINGS["MIDDLEWARE"] = [*SETTINGS["MIDDLEWARE"], "apps.tokens.middleware.RequestTokenMiddleware"]
SETTINGS["TEMPLATES"] = [
    {
        **SETTINGS["TEMPLATES"][0],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
settings.configure(**SETTINGS, STATIC_URL="static/")
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

from apps.tokens.admin.lists import STATUSES  # noqa: E402
from apps.tokens.models import RequestToken  # noqa: E402

settings.ROOT_URLCONF = (path("admin/", admin.site.urls),)

LIST = "/admin/tokens/requesttoken/"
MOST_SECONDS = 1.0
ROUNDS = 5
TOKENS_A_USER = 5

USERS = """
    INSERT INTO auth_user (id, username, email, password, first_name, last_name, is_superuser, is_staff, is_active,
        date_joined)
    SELECT n, 'reader' || n, 'reader' || n || '@example.com', '!', '', '', false, false, n %% 50 > 0, now()
    FROM generate_series(1000, 1000 + %s) n
"""
# Most unsubscribe links are unlimited, most sign-in links are over; a few were revoked.
TOKENS = """
    INSERT INTO tokens_requesttoken (user_id, scope, login_mode, data, issued_at, expiration_time, max_uses,
        used_to_date, last_used_at, revoked_at, revoked_reason, account_fingerprint)
    SELECT 1000 + n / %s, CASE n %% 3 WHEN 0 THEN 'newsletter.unsubscribe' ELSE 'accounts.login' END, 'Request', '{}',
        now() - n * interval '1 second', CASE n %% 3 WHEN 1 THEN now() - interval '1 hour' END,
        CASE WHEN n %% 3 > 0 THEN 1 END, CASE WHEN n %% 3 > 0 THEN n %% 2 ELSE 0 END, NULL,
        CASE WHEN n %% 1000 = 0 THEN now() END, '', ''
    FROM generate_series(1, %s) n
"""
LOGS = """
    INSERT INTO tokens_requesttokenlog (token_id, reason, status_code, method, user_agent, timestamp)
    SELECT id, 'admitted', 200, 'GET', 'Reader/1.0', now() FROM tokens_requesttoken
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    if connection.vendor != "postgresql":
        sys.exit("Set TEST_DATABASE_URL to a PostgreSQL server.")
    named = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        fill(rows)
        return int(measure(rows))
    finally:
        connection.creation.destroy_test_db(named, verbosity=0)


def fill(rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(USERS, [rows // TOKENS_A_USER])
        cursor.execute(TOKENS, [TOKENS_A_USER, rows])
        cursor.execute(LOGS)
        cursor.execute("VACUUM ANALYZE")


def measure(rows: int) -> bool:
    client = Client(HTTP_HOST="bench")
    client.force_login(User.objects.create_superuser("editor", "editor@example.com"))
    newest = RequestToken.objects.latest("pk").pk
    pages: dict[str, Callable[[], object]] = {
        "the list": lambda: client.get(LIST),
        "its page 100": lambda: client.get(LIST, {"p": "100"}),
        **{
            f"status {status}": (lambda s=status: client.get(LIST, {"status": s}))
            for status in STATUSES
            if status != "user_changed"
        },
        "scope newsletter.unsubscribe": lambda: client.get(LIST, {"scope": "newsletter.unsubscribe"}),
        "scope of no token": lambda: client.get(LIST, {"scope": "forgotten"}),
        "search by id": lambda: client.get(LIST, {"q": str(newest // 2)}),
        "search by address": lambda: client.get(LIST, {"q": "reader5000@example.com"}),
        "search by address, another case": lambda: client.get(LIST, {"q": "Reader5000@Example.com"}),
        "search by the beginning of an address": lambda: client.get(LIST, {"q": "reader12345@"}),
        "search by an address of nobody": lambda: client.get(LIST, {"q": "nobody@example.com"}),
        "search by the beginning of a scope": lambda: client.get(LIST, {"q": "news"}),
        "search for nothing that is there": lambda: client.get(LIST, {"q": "nothing"}),
        "one token": lambda: client.get(f"{LIST}{newest}/change/"),
        "its explanation": lambda: client.post(f"{LIST}explain/", {"link": str(newest)}),
    }
    print(f"{rows:,} tokens, PostgreSQL {'.'.join(map(str, connection.get_database_version()))}")
    is_slow = False
    for name, get in pages.items():
        times = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            response = get()
            times.append(time.perf_counter() - begin)
            if response.status_code != 200:  # type: ignore[attr-defined]
                sys.exit(f"{name}: {response}")
        median = statistics.median(times)
        missed = "   MISSED" if median >= MOST_SECONDS else ""
        is_slow |= bool(missed)
        print(f"  {name}: median {median:.2f} s, {min(times):.2f} to {max(times):.2f}{missed}")
    return is_slow


if __name__ == "__main__":
    sys.exit(main())

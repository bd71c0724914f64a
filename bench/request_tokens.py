"""
What request tokens cost, beside the same stack without them and beside django-request-token.

    pip install -r bench/requirements.txt      # the ancestor; without it that comparison is left out
    python -m bench.request_tokens             # --short for a quick look

Every figure is a median of interleaved rounds in one process, in CPU time, on an SQLite file, through
Django's WSGI handler: no test client, no network.
"""

import argparse
import importlib.util
import io
import os
import random
import statistics
import string
import tempfile
import time
from pathlib import Path

import django
from django.conf import settings

STACK = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
OURS = "apps.tokens.middleware.RequestTokenMiddleware"
ANCESTORS = "request_token.middleware.RequestTokenMiddleware"
HAS_ANCESTOR = importlib.util.find_spec("request_token") is not None


def configure(folder):
    settings.configure(
        SECRET_KEY="".join(random.choices(string.ascii_letters, k=50)),
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        ROOT_URLCONF="bench.urls",
        MIDDLEWARE=STACK,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "apps.tokens",
            *(["request_token"] if HAS_ANCESTOR else []),
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [Path(__file__).parent / "templates"],
                "APP_DIRS": True,
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.path.join(folder, "bench.sqlite3"),
                "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"},
                # Connections stay open between requests, as under a real server.
                "CONN_MAX_AGE": None,
            }
        },
        LOGGING_CONFIG=None,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def server(*middleware):
    """A function that answers one GET and returns its status."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    with override_settings(MIDDLEWARE=[*STACK, *middleware]):
        handler = WSGIHandler()

    def get(path, query=""):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "bench",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
        }
        statuses = []
        response = handler(environ, lambda status, headers, exc_info=None: statuses.append(int(status[:3])))
        response.close()
        return statuses[0]

    return get


def compare(rounds, each, **contestants):
    """Median microseconds of each contestant's calls, and of its ratio to the first, round by round."""
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in random.sample(list(contestants.items()), len(contestants)):
            start = time.process_time()
            for _ in range(each):
                call()
            times[name].append((time.process_time() - start) / each * 1e6)
    first = next(iter(times))
    for name, found in times.items():
        ratio = statistics.median(a / b for a, b in zip(found, times[first], strict=True))
        print(f"  {name:32} {statistics.median(found):8.1f} µs   x {ratio:.3f}")


def page_without_a_token(scale):
    print("Page without a token (target: within 2 %)")
    bare, ours = server(), server(OURS)
    compare(
        60 * scale, 200, **{"same stack": lambda: bare("/page/"), "with RequestTokenMiddleware": lambda: ours("/page/")}
    )


def admitted_use(scale):
    from django.contrib.auth import get_user_model

    from apps.tokens.models import RequestToken

    print("Admitted REQUEST use (target: 3 queries, faster than the ancestor)")
    user = get_user_model().objects.create_user("reader")
    token = RequestToken.objects.create_token(scope="bench", login_mode="Request", user=user, max_uses=None)
    ours, contestants = server(OURS), {}
    if HAS_ANCESTOR:
        from request_token.models import RequestToken as Ancestor
        from request_token.utils import DEFAULT_DECODE_OPTIONS

        # PyJWT 2.10 and later refuse the ancestor's numeric "jti"; without this it admits nothing.
        DEFAULT_DECODE_OPTIONS["verify_jti"] = False

        theirs = server(ANCESTORS)
        other = Ancestor.objects.create_token(scope="bench", login_mode="Request", user=user, max_uses=10**9)
        contestants["django-request-token"] = lambda: theirs("/ancestor/", f"rt={other.jwt()}")
    contestants["latchkey"] = lambda: ours("/token/", f"rt={token.jwt()}")
    for call in contestants.values():
        if call() != 200:
            raise SystemExit("a contestant did not answer 200")
    compare(20 * scale, 50, **contestants)


def mutated_tokens(scale):
    from apps.tokens.models import RequestToken

    count = 50_000 * scale
    print(f"{count:,} mutated tokens (target: none accepted, no 5xx)")
    ours = server(OURS)
    jwt = RequestToken.objects.create_token(scope="bench", max_uses=None).jwt()
    alphabet = string.ascii_letters + string.digits + "-_.%=+ /"
    statuses = {}
    start = time.process_time()
    for _ in range(count):
        letters = list(jwt)
        for _ in range(random.choice((1, 1, 2, 5, 50))):
            position = random.randrange(len(letters))
            random.choice((letters.__setitem__, letters.insert))(position, random.choice(alphabet))
        mutated = "".join(letters)
        if mutated != jwt:
            status = ours("/token/", f"rt={mutated}")
            statuses[status] = statuses.get(status, 0) + 1
    print(f"  answers by status: {statuses}, {(time.process_time() - start) / count * 1e6:.0f} µs each")
    if set(statuses) != {403}:
        raise SystemExit("a mutated token was accepted, or broke the server")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a quarter of the work")
    scale = 1 if parser.parse_args().short else 4
    import logging

    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        page_without_a_token(scale)
        admitted_use(scale)
        mutated_tokens(scale)


if __name__ == "__main__":
    main()

"""
What request tokens cost, beside the same stack without them, code written by hand, and django-request-token.

    pip install --no-deps -r bench/requirements.txt     # django-request-token; without it that comparison is left out
    python -m bench.request_tokens                      # --short for CI; fails where a target is missed

On an SQLite file and, where TEST_DATABASE_URL is set, in a scratch database of that server, too. All times are CPU time
of this process (the server's own is not in it), through Django's WSGI handler: no test client, no network. Contestants
take turns in random order, and a ratio is the median of the ratios of all rounds: a busy machine slows both alike.
"""

import argparse
import io
import logging
import os
import platform
import random
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
django.setup()

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.tokens.models import RequestToken, RequestTokenLog  # noqa: E402
from bench import by_hand  # noqa: E402

HAS_ANCESTOR = apps.is_installed("request_token")
if HAS_ANCESTOR:
    from bench import ancestor

OURS = "apps.tokens.middleware.RequestTokenMiddleware"
REQUEST, NONE, SESSION = RequestToken.LOGIN_MODE_REQUEST, RequestToken.LOGIN_MODE_NONE, RequestToken.LOGIN_MODE_SESSION
LATCHKEY, ANCESTOR, ORM = "latchkey", "django-request-token", "by hand, ORM"

MOST_OF_THE_ANCESTOR = 0.5
MOST_OF_THE_ORM = 0.65
MOST_MORE_US = 15.0
MOST_MORE_SHARE = 0.02

# A new link for each round: of a link's uses, only the first hundred are each put on record.
USES_A_LINK = 50

TRANSACTIONS = {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}


@dataclass(frozen=True)
class Contestant:
    name: str
    get: Callable[[str], int]
    """Answers one GET with this query string; the status."""
    link: Callable[[], str]
    """A query string for a round."""


class Findings:
    """Prints what was measured and remembers what missed its target."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.missed: list[str] = []

    def judge(self, what: str, figure: str, target: str, *, passed: bool) -> None:
        line = f"{what}: {figure}, target {target}"
        print(f"  {line}{'' if passed else '   MISSED'}")
        if not passed:
            self.missed.append(f"MISSED on {self.database}: {line}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a third of the rounds")
    parser.add_argument("--require-ancestor", action="store_true", help="fail if django-request-token is not installed")
    arguments = parser.parse_args()
    if "BENCH_DATABASE_URL" in os.environ:
        return measure(rounds=20 if arguments.short else 60, mutations=10_000 if arguments.short else 200_000)
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{folder}/bench.sqlite3", os.environ.get("TEST_DATABASE_URL", "")]
        # A process each: a site knows its database from the start.
        failures = [start(url) for url in urls if url]
    if not HAS_ANCESTOR:
        print("django-request-token is not installed and was not compared: pip install -r bench/requirements.txt")
        failures.append(arguments.require_ancestor)
    return int(any(failures))


def start(url: str) -> int:
    command = [sys.executable, "-m", "bench.request_tokens", *sys.argv[1:]]
    return subprocess.run(command, env={**os.environ, "BENCH_DATABASE_URL": url}, check=False).returncode


def measure(rounds: int, mutations: int) -> int:
    logging.disable(logging.CRITICAL)
    with scratch_database():
        version = ".".join(map(str, connection.get_database_version()))
        findings = Findings(f"{connection.display_name} {version}")
        print(f"== {findings.database}, Django {django.__version__}, Python {platform.python_version()}")
        admitted_request_use(findings, rounds)
        admitted_none_use(findings, rounds)
        confirm_page(findings)
        if connection.vendor == "sqlite":
            # These ask no database anything, whichever it is.
            page_without_a_token(findings, rounds)
            mutated_tokens(findings, mutations)
    for line in findings.missed:
        print(line)
    return int(bool(findings.missed))


@contextmanager
def scratch_database() -> Iterator[None]:
    named = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(named, verbosity=0)


def admitted_request_use(findings: Findings, rounds: int) -> None:
    print(f"Admitted REQUEST use, {rounds} rounds of {USES_A_LINK}")
    user = User.objects.create_user("reader")
    contestants = [
        Contestant("plain page", server("/page/"), str),
        Contestant("by hand, SQL", server("/sql/"), lambda: by_hand.link(make_token("bench.sql", REQUEST, user))),
        Contestant(ORM, server("/orm/"), lambda: by_hand.link(make_token("bench.orm", REQUEST, user))),
        Contestant(LATCHKEY, server("/token/", OURS), lambda: f"rt={make_token('bench', REQUEST, user).jwt()}"),
    ]
    if HAS_ANCESTOR:
        contestants.append(ancestors(REQUEST, user))
    times = take_turns(contestants, rounds, USES_A_LINK)
    queries = count_queries(contestants)
    show(times, queries)
    findings.judge("queries of an admitted use", str(queries[LATCHKEY]), "3", passed=queries[LATCHKEY] == 3)
    judge_ratio(findings, "admitted REQUEST use", times, ORM, MOST_OF_THE_ORM)
    judge_ratio(findings, "admitted REQUEST use", times, ANCESTOR, MOST_OF_THE_ANCESTOR)
    for scope in ("bench", "bench.orm", "bench.sql"):
        check_records(scope, REQUEST, rounds)


def admitted_none_use(findings: Findings, rounds: int) -> None:
    print(f"Admitted NONE use, {rounds} rounds of {USES_A_LINK}")
    contestants = [
        Contestant("plain page", server("/page/"), str),
        Contestant(LATCHKEY, server("/token/", OURS), lambda: f"rt={make_token('bench', NONE).jwt()}"),
    ]
    if HAS_ANCESTOR:
        contestants.append(ancestors(NONE, None))
    times = take_turns(contestants, rounds, USES_A_LINK)
    queries = count_queries(contestants)
    show(times, queries)
    findings.judge("queries of an admitted use", str(queries[LATCHKEY]), "3", passed=queries[LATCHKEY] == 3)
    judge_ratio(findings, "admitted NONE use", times, ANCESTOR, MOST_OF_THE_ANCESTOR)
    check_records("bench", NONE, rounds)


def confirm_page(findings: Findings) -> None:
    print("Confirm page, GET of a SESSION link")
    user = User.objects.create_user("member")
    token = make_token("bench.sign_in", SESSION, user, max_uses=1, expiration_time=None)
    page = Contestant("confirm page", server("/sign-in/", OURS), lambda: f"rt={token.jwt()}")
    [count] = count_queries([page]).values()
    findings.judge("queries of the confirm page", str(count), "1", passed=count == 1)


def page_without_a_token(findings: Findings, rounds: int) -> None:
    # Short rounds, many of them: the difference looked for is smaller than what a busy machine adds now and then.
    rounds, each = rounds * 5, 40
    for what, link in (("without a query string", str), ("with a foreign query string", lambda: "utm_source=x")):
        print(f"Page without a token, {what}, {rounds} rounds of {each}")
        contestants = [
            Contestant("same stack", server("/page/"), link),
            Contestant(LATCHKEY, server("/page/", OURS), link),
        ]
        times = take_turns(contestants, rounds, each)
        queries = count_queries(contestants)
        show(times, queries)
        findings.judge(f"queries {what}", str(queries[LATCHKEY]), "0", passed=queries[LATCHKEY] == 0)
        bare = times["same stack"]
        more = statistics.median(ours - theirs for ours, theirs in zip(times[LATCHKEY], bare, strict=True))
        most = max(MOST_MORE_US, MOST_MORE_SHARE * statistics.median(bare))
        findings.judge(f"page {what}", f"{more:+.1f} µs", f"at most +{most:.1f} µs", passed=more <= most)


def mutated_tokens(findings: Findings, count: int) -> None:
    print(f"{count:,} mutated tokens")
    get = server("/token/", OURS)
    jwt = make_token("bench", NONE, max_uses=None).jwt()
    alphabet = string.ascii_letters + string.digits + "-_.%=+ /"
    statuses: Counter[int] = Counter()
    for _ in range(count):
        letters = list(jwt)
        for _ in range(random.choice((1, 1, 2, 5, 50))):
            position = random.randrange(len(letters))
            random.choice((letters.__setitem__, letters.insert))(position, random.choice(alphabet))
        mutated = "".join(letters)
        if mutated != jwt:
            statuses[get(f"rt={mutated}")] += 1
    findings.judge("answers by status", str(dict(statuses)), "403 only", passed=set(statuses) == {403})


def make_token(scope: str, login_mode: str, user: User | None = None, **fields: Any) -> RequestToken:
    return RequestToken.objects.create_token(
        scope=scope, login_mode=login_mode, user=user, **{**common_fields(), **fields}
    )


def ancestors(login_mode: str, user: User | None) -> Contestant:
    get = server("/ancestor/", ancestor.MIDDLEWARE)
    return Contestant(ANCESTOR, get, lambda: ancestor.link(login_mode=str(login_mode), user=user, **common_fields()))


def common_fields() -> dict[str, Any]:
    return {"max_uses": 100, "expiration_time": timezone.now() + timedelta(days=1)}


def server(path: str, *middleware: str) -> Callable[[str], int]:
    """Answers GETs of this path, with this query string, through the common stack and this middleware."""
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, *middleware]):
        handler = WSGIHandler()

    def get(query: str) -> int:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "bench",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
        }
        response = handler(environ, lambda status, headers, exc_info=None: io.BytesIO().write)
        response.close()
        return response.status_code

    return get


def take_turns(contestants: list[Contestant], rounds: int, each: int) -> dict[str, list[float]]:
    """Microseconds of CPU for one GET of each contestant, round by round."""
    times: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for contestant in contestants:
        check_status(contestant, contestant.get(contestant.link()))
    for _ in range(rounds):
        for contestant in random.sample(contestants, len(contestants)):
            query = contestant.link()
            statuses = set()
            start = time.process_time()
            for _ in range(each):
                statuses.add(contestant.get(query))
            times[contestant.name].append((time.process_time() - start) / each * 1e6)
            check_status(contestant, *statuses)
    return times


def check_status(contestant: Contestant, *statuses: int) -> None:
    if set(statuses) != {200}:
        raise SystemExit(f"{contestant.name} answered {statuses}: nothing was measured")


def check_records(scope: str, login_mode: str, rounds: int) -> None:
    """Nobody is quicker by counting less or recording less."""
    uses = rounds * USES_A_LINK + 2  # one to warm up, one to count queries
    tokens = RequestToken.objects.filter(scope=scope, login_mode=login_mode)
    counted = tokens.aggregate(total=Sum("used_to_date"))["total"]
    recorded = RequestTokenLog.objects.filter(token__in=tokens, reason="admitted").count()
    if (counted, recorded) != (uses, uses):
        raise SystemExit(f"{scope}: {uses} uses, of which {counted} were counted and {recorded} put on record")


def count_queries(contestants: list[Contestant]) -> dict[str, int]:
    """The statements of one GET of each contestant that read or write data."""
    found: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        found.append(sql.split()[0].upper())
        return execute(sql, *arguments)

    counts = {}
    for contestant in contestants:
        query = contestant.link()
        found.clear()
        with connection.execute_wrapper(note):
            check_status(contestant, contestant.get(query))
        counts[contestant.name] = len([word for word in found if word not in TRANSACTIONS])
    return counts


def show(times: dict[str, list[float]], queries: dict[str, int]) -> None:
    for name, found in times.items():
        print(f"  {name:24}{statistics.median(found):8.0f} µs {queries[name]:3} queries")


def judge_ratio(findings: Findings, what: str, times: dict[str, list[float]], other: str, most: float) -> None:
    if other not in times:
        return
    ratio = statistics.median(ours / theirs for ours, theirs in zip(times[LATCHKEY], times[other], strict=True))
    findings.judge(f"{what}, to {other}", f"{ratio:.3f}", f"at most {most}", passed=ratio <= most)


if __name__ == "__main__":
    sys.exit(main())

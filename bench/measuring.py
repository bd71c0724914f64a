"""
How everything here is measured: CPU time of this process, in turns.

Contestants take turns in random order, and a ratio is the median of the ratios of all rounds: a busy machine slows both
alike. Requests go through Django's WSGI handler: no test client, no network. A database server's own time is not in it.
"""

from __future__ import annotations

import io
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import override_settings

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CSRF = "abcdefghijklmnopqrstuvwxyz012345"
TRANSACTIONS = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}


def once_each(count: int) -> list[Any]:
    return [None] * count


@dataclass(frozen=True)
class Contestant:
    name: str
    run: Callable[[Any], Any]
    """What is timed."""
    prepare: Callable[[int], list[Any]] = once_each
    """What each of so many runs is given; not timed."""
    answers: Any = None
    """What ``run`` must return, or nothing was measured."""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One thing to do, and who does it; the first is Latchkey."""

    what: str
    contestants: list[Contestant]
    each: int = 50
    """Runs in a round."""
    amount: int = 1
    """Things done in one run, so that figures are for one."""
    share: float = 1.0
    """Of the rounds that others take."""
    at_most: dict[str, float] = field(default_factory=dict)
    """Our CPU time in that of a peer."""
    queries: int | None = None
    """The most that we run."""


class Findings:
    """Prints what is found, remembers what missed its limit, and leaves all of it for the report."""

    def __init__(self, database: str, *, is_short: bool) -> None:
        self.database, self.is_short = database, is_short
        # The short form runs beside whatever else the machine does, with few rounds.
        self.margin = 1.25 if is_short else 1.0
        self.rows: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        print(f"== {database}", flush=True)

    def measure(self, row: Row, rounds: int) -> None:
        times = take_turns(row, max(3, round(rounds * row.share)))
        queries = {contestant.name: count_queries(contestant) for contestant in row.contestants}
        ours, *_ = times.values()
        print(row.what)
        found = []
        for name, measured in times.items():
            low, median, high = statistics.quantiles([each / row.amount for each in measured], n=4)
            ratio = statistics.median(one / other for one, other in zip(ours, measured, strict=True))
            found.append(
                {"name": name, "median": median, "low": low, "high": high, "ratio": ratio, "queries": queries[name]}
            )
            print(f"  {name:40}{median:10.1f} µs  ({low:.1f} to {high:.1f})  {queries[name]:3} queries  x {ratio:.2f}")
            if name in row.at_most:
                most = row.at_most[name] * self.margin
                self.check(f"{row.what}: CPU time in that of {name}", f"{ratio:.2f}", f"{most:.2f}", ratio <= most)
        self.rows.append({"what": row.what, "contestants": found})
        if row.queries is not None:
            count = found[0]["queries"]
            self.check(f"{row.what}: queries", str(count), str(row.queries), count <= row.queries)

    def check(self, what: str, figure: str, most: str, passed: bool) -> None:
        print(f"  {what}: {figure}, at most {most}{'' if passed else '   MISSED'}", flush=True)
        self.checks.append({"what": what, "figure": figure, "most": most, "passed": passed})

    def finish(self, **more: Any) -> int:
        """Leaves the findings where the parent looks for them; the exit code."""
        if "BENCH_FINDINGS" in os.environ:
            with open(os.environ["BENCH_FINDINGS"], "w", encoding="utf-8") as file:
                json.dump({"database": self.database, "rows": self.rows, "checks": self.checks, **more}, file)
        return int(not all(check["passed"] for check in self.checks))


def describe_database() -> str:
    name = f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"
    if connection.vendor != "postgresql":
        return name
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('fsync')")
        commit, fsync = cursor.fetchone()
        return f"{name} (synchronous_commit {commit}, fsync {fsync})"


def is_short() -> bool:
    return "--short" in sys.argv


@contextmanager
def scratch_database() -> Iterator[None]:
    """A database beside the one that is named, dropped afterwards."""
    named = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"{named}_bench_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(named, verbosity=0)


def server(path: str, *middleware: str, method: str = "GET") -> Callable[[str], int]:
    """Answers requests of this path, with this query string, through the common stack and this middleware."""
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, *middleware]):
        handler = WSGIHandler()
    body = f"csrfmiddlewaretoken={CSRF}".encode() if method == "POST" else b""

    def answer(query: str | None) -> int:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query or "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "bench",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": AGENT,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        if body:
            environ["HTTP_COOKIE"] = f"csrftoken={CSRF}"
        response = handler(environ, lambda status, headers, exc_info=None: io.BytesIO().write)
        response.close()
        return response.status_code

    return answer


def take_turns(row: Row, rounds: int) -> dict[str, list[float]]:
    """Microseconds of CPU for one run of each contestant, round by round."""
    times: dict[str, list[float]] = {contestant.name: [] for contestant in row.contestants}
    for number in range(-1, rounds):  # one to warm up
        for contestant in random.sample(row.contestants, len(row.contestants)):
            taken = time_runs(contestant, 1 if number < 0 else row.each)
            if number >= 0:
                times[contestant.name].append(taken)
    return times


def time_runs(contestant: Contestant, each: int) -> float:
    with set_up(contestant):
        arguments, run, answers = contestant.prepare(each), contestant.run, []
        start = time.process_time()
        for argument in arguments:
            answers.append(run(argument))
        taken = time.process_time() - start
    if contestant.answers is not None and set(answers) != {contestant.answers}:
        raise SystemExit(f"{contestant.name} answered {set(answers)}: nothing was measured")
    return taken / each * 1e6


def set_up(contestant: Contestant) -> Any:
    # Overridden settings are slower to read, so nobody has them who needs none.
    return override_settings(**contestant.settings) if contestant.settings else nullcontext()


def count_queries(contestant: Contestant) -> int:
    """The statements of one run that read or write data."""
    found: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        found.append(sql.split()[0].upper())
        return execute(sql, *arguments)

    with set_up(contestant):
        [argument] = contestant.prepare(1)
        with connection.execute_wrapper(note):
            contestant.run(argument)
    return len([word for word in found if word not in TRANSACTIONS])

"""
Ten thousand tokens and a million, with a row of history each, on PostgreSQL: what grows with the table, and what stays.

    make bench BENCH_ARGS=scale                          # BENCH_ARGS="scale --rows 10000000" for ten million

Wall time, on a machine with nothing else to do: what is asked here is what the database does.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from apps.tokens import statements
from apps.tokens.admin.lists import STATUSES
from apps.tokens.models import RequestToken
from bench.contestants import OURS
from bench.measuring import Findings, describe_database, is_short, scratch_database, server

SMALL = 10_000
TOKENS_A_USER = 5
ROUNDS = 5
CLICKS = 200
MOST_SECONDS = 1.0
LIST = "/admin/tokens/requesttoken/"

USERS = """
    INSERT INTO auth_user (id, username, email, password, first_name, last_name, is_superuser, is_staff, is_active,
        date_joined)
    SELECT n, 'person' || n, 'person' || n || '@example.com', '!', '', '', false, false, n %% 50 > 0, now()
    FROM generate_series(1000 + %s, 1000 + %s) n
"""
# Most unsubscribe links are unlimited, most sign-in links are over; a few were revoked. One in ten ended a year ago.
TOKENS = """
    INSERT INTO tokens_requesttoken (user_id, scope, login_mode, data, issued_at, expiration_time, max_uses,
        used_to_date, last_used_at, revoked_at, revoked_reason, account_fingerprint)
    SELECT 1000 + n / %s, CASE n %% 3 WHEN 0 THEN 'newsletter.unsubscribe' ELSE 'accounts.login' END, 'Request', '{}',
        now() - n * interval '1 second',
        CASE WHEN n %% 3 = 1 THEN now() - CASE WHEN n %% 10 = 0 THEN interval '1 year' ELSE interval '1 hour' END END,
        CASE WHEN n %% 3 > 0 THEN 1 END, CASE WHEN n %% 3 > 0 THEN n %% 2 ELSE 0 END, NULL,
        CASE WHEN n %% 1000 = 0 THEN now() END, '', ''
    FROM generate_series(%s, %s) n
"""
LOGS = """
    INSERT INTO tokens_requesttokenlog (token_id, reason, status_code, method, client_ip, user_agent, timestamp)
    SELECT id, 'admitted', 200, 'GET', '192.0.2.1', %s, now() FROM tokens_requesttoken WHERE id > %s
"""
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TABLES = {"tokens": "tokens_requesttoken", "history": "tokens_requesttokenlog"}


def main() -> int:
    if connection.vendor != "postgresql":
        sys.exit("Set TEST_DATABASE_URL to a PostgreSQL server.")
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_known_args()[0].rows
    with scratch_database():
        findings = Findings(describe_database(), is_short=is_short())
        sizes, before = [SMALL, rows], 0
        times: dict[str, dict[int, list[float]]] = {}
        weights: dict[str, dict[int, float]] = {}
        for size in sizes:
            fill(before, size)
            before = size
            for name, weight in weigh():
                weights.setdefault(name, {})[size] = weight
            for name, seconds in measure(size):
                low, median, high = statistics.quantiles([each * 1000 for each in seconds], n=4)
                times.setdefault(name, {})[size] = [low, median, high]
                print(f"  {size:>10,}  {name}: {median:.2f} ms ({low:.2f} to {high:.2f})", flush=True)
                if name.startswith("admin"):
                    is_fast = median < MOST_SECONDS * 1000
                    findings.check(f"{name}, {size:,} tokens: ms", f"{median:.0f}", "1000", is_fast)
        plotted = ["a click, from request to answer", "admin: the list", "admin: search by address", "explain a link"]
        return findings.finish(sizes=sizes, times=times, bytes=weights, plotted=plotted)


def fill(before: int, rows: int) -> None:
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM tokens_requesttoken")
        [last] = cursor.fetchone()
        cursor.execute(USERS, [before // TOKENS_A_USER + (before > 0), rows // TOKENS_A_USER])
        cursor.execute(TOKENS, [TOKENS_A_USER, before + 1, rows])
        cursor.execute(LOGS, [AGENT, last])
        cursor.execute("VACUUM ANALYZE")
    print(f"  filled to {rows:,} in {time.perf_counter() - begun:.0f} s", flush=True)


def weigh() -> list[tuple[str, float]]:
    """Bytes for each row: of each table, and of each of its indexes."""
    found = []
    with connection.cursor() as cursor:
        for name, table in TABLES.items():
            cursor.execute(f"SELECT count(*), pg_relation_size('{table}') FROM {table}")
            count, size = cursor.fetchone()
            found.append((f"{name}: rows", size / count))
            cursor.execute(
                "SELECT indexrelname, pg_relation_size(indexrelid) FROM pg_stat_user_indexes WHERE relname = %s "
                "ORDER BY indexrelid",
                [table],
            )
            indexes = cursor.fetchall()
            found += [(f"{name}: index {index}", size / count) for index, size in indexes]
            found.append((f"{name}: all", (size + sum(each for _, each in indexes)) / count))
    return found


def measure(size: int) -> list[tuple[str, list[float]]]:
    found = [*measure_clicks(), *measure_support()]
    found.append(("delete a person with 5 links and their history", time_deleting()))
    found.append(("prune, for 1,000 links that ended", time_pruning()))
    return found


def measure_clicks() -> list[tuple[str, list[float]]]:
    """Links from all over the table, each used once."""
    click, alias = server("/token/", OURS), connection.alias
    RequestToken.objects.filter(scope="bench").delete()
    newest = RequestToken.objects.latest("pk").pk
    step = max(1, newest // CLICKS)
    usable = RequestToken.objects.filter(pk__in=range(1, newest, step))
    usable.update(scope="bench", expiration_time=None, max_uses=None, revoked_at=None)
    User.objects.filter(requesttoken__in=usable).update(is_active=True)
    rows = list(usable)
    links = [f"rt={row.jwt()}" for row in rows]
    log: dict[str, Any] = {"user": None, "reason": "admitted", "status_code": 200, "method": "GET"}
    log |= {"client_ip": "192.0.2.1", "user_agent": AGENT, "timestamp": timezone.now()}
    if {click(link) for link in links[:20]} != {200}:
        sys.exit("A click was refused: nothing was measured.")
    return [
        ("a click, from request to answer", [timed(lambda link=link: click(link)) for link in links[20:]]),
        ("its row read", [timed(lambda pk=row.pk: statements.read(alias, pk)) for row in rows]),
        ("its use claimed", [timed(lambda pk=row.pk: statements.take_use(alias, pk, timezone.now())) for row in rows]),
        ("its use recorded", [timed(lambda pk=row.pk: statements.write_log(alias, token=pk, **log)) for row in rows]),
    ]


def measure_support() -> list[tuple[str, list[float]]]:
    client = Client(HTTP_HOST="bench")
    client.force_login(User.objects.get_or_create(username="editor", is_staff=True, is_superuser=True)[0])
    newest = RequestToken.objects.latest("pk").pk
    pages: dict[str, Callable[[], Any]] = {"admin: the list": lambda: client.get(LIST)}
    queries = {"page 100": {"p": "100"}}
    queries |= {f"status {status}": {"status": status} for status in STATUSES if status != "user_changed"}
    queries |= {
        "a frequent scope": {"scope": "newsletter.unsubscribe"},
        "a scope of no token": {"scope": "forgotten"},
        "search by id": {"q": str(newest // 2)},
        "search by address": {"q": "person1500@example.com"},
        "search by address, another case": {"q": "Person1500@Example.com"},
        "search by the beginning of an address": {"q": "person123@"},
        "search by an address of nobody": {"q": "nobody@example.com"},
        "search by the beginning of a scope": {"q": "news"},
        "search for nothing that is there": {"q": "nothing"},
    }
    for name, query in queries.items():
        pages[f"admin: {name}"] = lambda query=query: client.get(LIST, query)
    pages["admin: one token with its history"] = lambda: client.get(f"{LIST}{newest}/change/")
    pages["explain a link"] = lambda: client.post(f"{LIST}explain/", {"link": str(newest)})
    found = []
    for name, get in pages.items():
        if get().status_code != 200:
            sys.exit(f"{name}: not answered")
        found.append((name, [timed(get) for _ in range(ROUNDS)]))
    return found


def time_deleting() -> list[float]:
    people = User.objects.filter(username__startswith="person").order_by("-pk")[10 : 10 + ROUNDS]
    return [timed(person.delete) for person in people]


def time_pruning() -> list[float]:
    """The time of the whole command, for each thousand links that it deletes; put back afterwards."""
    out = io.StringIO()
    with transaction.atomic():
        taken = timed(lambda: call_command("prune_request_tokens", stdout=out))
        transaction.set_rollback(True)
    deleted = int(out.getvalue().split("Tokens deleted: ")[1].partition(".")[0])
    print(f"  {out.getvalue().strip()}")
    return [taken / deleted * 1000] * 2


def timed(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun

"""Twenty clicks at once on a link that works once: how many get in? ``python -m bench clicks``."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.contrib.auth.models import User
from django.db import close_old_connections, connections
from request_token.models import RequestToken as Ancestor

from apps.tokens.models import RequestToken
from bench.contestants import (
    ANCESTOR,
    LATCHKEY,
    NONE,
    REQUEST,
    SESSION,
    clicks,
    one_each,
)
from bench.measuring import Contestant, Findings, describe_database, is_short, scratch_database, set_up

CLICKS = 20


def main() -> int:
    with scratch_database():
        findings = Findings(describe_database(), is_short=is_short())
        rounds = 3 if findings.is_short else 10
        races = []
        for name, contestant in contestants().items():
            if findings.is_short and not name.startswith(LATCHKEY):
                continue
            won = [race(contestant) for _ in range(rounds)]
            print(f"  {name}: {won} of {CLICKS}", flush=True)
            races.append({"name": name, "won": won})
            if name.startswith(LATCHKEY):
                findings.check(f"{CLICKS} clicks at once, {name}", str(max(won)), "1", set(won) == {1})
        return findings.finish(races=races, clicks=CLICKS)


def contestants() -> dict[str, Contestant]:
    of, found = clicks(), {}
    for name, model in ((LATCHKEY, RequestToken), (ANCESTOR, Ancestor)):
        for mode in (NONE, REQUEST, SESSION):
            # The links of each row, made for one use.
            found[f"{name}, mode {mode.upper()}"] = with_links(of[mode][name], model, mode)
    for mode, view in ((REQUEST, "decorator"), (SESSION, "login view")):
        for name, contestant in of[mode].items():
            if name.startswith("django-sesame, one") or name == "django-magiclink":
                found[f"{name}, {view}"] = contestant
    return found


def with_links(contestant: Contestant, model: Any, mode: str) -> Contestant:
    scope = "bench.sign_in" if mode == SESSION else "bench"

    def link(user: User) -> str:
        token = model.objects.create_token(
            scope=scope, login_mode=mode, user=None if mode == NONE else user, max_uses=1
        )
        return f"rt={token.jwt()}"

    return Contestant(contestant.name, contestant.run, one_each(link), contestant.answers)


def race(contestant: Contestant) -> int:
    """The number of clicks that were answered as a good one is."""
    start = threading.Barrier(CLICKS)

    def click(query: str) -> int:
        # Connected before the start: what is raced is the click.
        connections["default"].ensure_connection()
        start.wait()
        try:
            status: int = contestant.run(query)
            return status
        finally:
            connections["default"].close()

    with set_up(contestant), ThreadPoolExecutor(CLICKS) as pool:
        [query] = contestant.prepare(1)
        close_old_connections()
        return list(pool.map(click, [query] * CLICKS)).count(contestant.answers)

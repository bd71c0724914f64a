"""
Two clicks on a link that works once, in every order of their SQL statements: who lets both in?

    make bench BENCH_ARGS=orders

The explorer is that of apps/tokens/tests/every_order.py, the database SQLite in memory: no threads and no luck.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.core.management import call_command

from apps.tokens.tests.every_order import every_order
from apps.tokens.tests.memory import keep
from bench.clicks import contestants
from bench.contestants import LATCHKEY
from bench.measuring import Contestant, Findings, describe_database, set_up


def main() -> int:
    logging.disable()
    call_command("migrate", verbosity=0)
    findings, explored = Findings(f"{describe_database()}, in memory", is_short=False), []
    for name, contestant in contestants().items():
        wins = list(numbers_of_wins(contestant))
        twice = sum(won > 1 for won in wins)
        print(f"  {name}: {len(wins):,} orders, both let in by {twice:,}", flush=True)
        explored.append({"name": name, "orders": len(wins), "twice": twice})
        if not all(wins):
            raise SystemExit(f"{name} has admitted nobody")
        if name.startswith(LATCHKEY):
            findings.check(f"orders that let both in, {name}", str(twice), "0", twice == 0)
    return findings.finish(orders=explored)


def numbers_of_wins(contestant: Contestant) -> Iterator[int]:
    """For each order, the number of clicks that were won."""
    before = keep()
    with set_up(contestant):
        [query] = contestant.prepare(1)
        put_back = keep()

        def click() -> int:
            status: int = contestant.run(query)
            return status

        clicks: list[Callable[[], int]] = [click, click]
        for played in every_order(clicks, put_back):
            yield list(played.answers.values()).count(contestant.answers)
    before()

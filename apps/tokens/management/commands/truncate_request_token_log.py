"""Shorten the log of token uses, by age, by number, or both."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from ...models import RequestTokenLog

MOST_ROWS = 10**12
MOST_DAYS = 100_000
MOST_AT_ONCE = 100_000


class Command(BaseCommand):
    help = "Deletes the oldest rows of the request token log. Tokens and their counts stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--max-count", type=int, metavar="N", help="Keep the newest N rows.")
        parser.add_argument("--max-days", type=days, metavar="N", help="Keep the rows of the last N days.")
        add_batch(parser)

    def handle(self, *args: Any, max_count: int | None, max_days: int | None, batch: int, **options: Any) -> None:
        if max_count is None and max_days is None:
            raise CommandError("Say what to keep: --max-count N, --max-days N, or both.")
        if max_count is not None and not 0 <= max_count <= MOST_ROWS:
            raise CommandError(f"--max-count must be a number from 0 to {MOST_ROWS}.")
        deleted, rows = 0, RequestTokenLog.objects.all()
        if max_days is not None:
            deleted += delete_rows(rows.filter(timestamp__lt=timezone.now() - timedelta(days=max_days)), batch)
        if max_count is not None:
            newest_first = rows.order_by("-id").values_list("id", flat=True)
            for newest_deleted in newest_first[max_count : max_count + 1]:
                deleted += delete_rows(rows.filter(id__lte=newest_deleted), batch)
        self.stdout.write(f"Deleted {deleted} rows; {rows.count()} are left.")


def add_batch(parser: CommandParser) -> None:
    """The option ``--batch``."""
    parser.add_argument("--batch", type=_batch, default=1000, metavar="N", help="rows to delete at a time (1000)")


def days(text: str) -> int:
    """The type of an option that is a number of days."""
    return _number(text, 0, MOST_DAYS)


def in_batches(rows: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    """The keys of these rows, in order; each batch is looked up when the one before it is done with."""
    last, ordered = 0, rows.order_by("pk").values_list("pk", flat=True)
    # Never one long statement: clicks write to these tables meanwhile, and on SQLite wait for whoever writes.
    while keys := list(ordered.filter(pk__gt=last)[:size]):
        yield keys
        last = keys[-1]


def delete_rows(rows: QuerySet[Any], size: int) -> int:
    """Delete these rows, a batch in each transaction. Returns their number."""
    return sum(rows.model._default_manager.filter(pk__in=keys).delete()[0] for keys in in_batches(rows, size))


def _batch(text: str) -> int:
    return _number(text, 1, MOST_AT_ONCE)


def _number(text: str, least: int, most: int) -> int:
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdecimal() or not least <= int(text) <= most:
        raise ArgumentTypeError(f"must be a number from {least} to {most}, not {text}")
    return int(text)

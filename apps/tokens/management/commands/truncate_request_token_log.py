"""Shorten the log of token uses, by age, by number, or both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ...models import RequestTokenLog

MOST_ROWS = 10**12
MOST_DAYS = 100_000


class Command(BaseCommand):
    help = "Deletes the oldest rows of the request token log. Tokens and their counts stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--max-count", type=int, metavar="N", help="Keep the newest N rows.")
        parser.add_argument("--max-days", type=int, metavar="N", help="Keep the rows of the last N days.")

    def handle(self, *args: Any, max_count: int | None, max_days: int | None, **options: Any) -> None:
        if max_count is None and max_days is None:
            raise CommandError("Say what to keep: --max-count N, --max-days N, or both.")
        if max_count is not None and not 0 <= max_count <= MOST_ROWS:
            raise CommandError(f"--max-count may be a number from 0 to {MOST_ROWS}.")
        if max_days is not None and not 0 <= max_days <= MOST_DAYS:
            raise CommandError(f"--max-days may be a number from 0 to {MOST_DAYS}.")
        deleted = 0
        if max_days is not None:
            deleted += _delete(timestamp__lt=timezone.now() - timedelta(days=max_days))
        if max_count is not None:
            newest_first = RequestTokenLog.objects.order_by("-id").values_list("id", flat=True)
            for newest_deleted in newest_first[max_count : max_count + 1]:
                deleted += _delete(id__lte=newest_deleted)
        self.stdout.write(f"Deleted {deleted} rows; {RequestTokenLog.objects.count()} are left.")


def _delete(**condition: Any) -> int:
    return RequestTokenLog.objects.filter(**condition).delete()[0]

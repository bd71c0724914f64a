from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import connections, router, transaction
from django.db.models import Max

from ...ancestor import IMPORTED
from ...models import RequestToken

TABLE = "request_token_requesttoken"
COLUMNS = (
    "id", "user_id", "scope", "login_mode", "data", "issued_at", "not_before_time", "expiration_time", "max_uses",
    "used_to_date",
)  # fmt: skip
BATCH = 1000


class Command(BaseCommand):
    help = (
        "Copies the tokens of django-request-token, with their ids, so that links already sent work until "
        "REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL. Says how many of them are still in use; may be run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = router.db_for_write(RequestToken)
        if TABLE not in connections[alias].introspection.table_names():
            raise CommandError(f"The database has no table {TABLE}.")
        counts: Counter[str] = Counter()
        with transaction.atomic(using=alias):
            for batch in _batches(alias):
                self._copy(alias, batch, counts)
            with connections[alias].cursor() as cursor:
                for sql in connections[alias].ops.sequence_reset_sql(no_style(), [RequestToken]):
                    cursor.execute(sql)
        for what, count in sorted(counts.items()):
            self.stdout.write(f"{what}: {count}")
        imported = RequestToken.objects.using(alias).filter(account_fingerprint=IMPORTED)
        last = imported.aggregate(last=Max("last_used_at"))["last"]
        self.stdout.write(f"Last use of an imported link here: {last.isoformat() if last else 'never'}")

    def _copy(self, alias: str, batch: list[dict[str, Any]], counts: Counter[str]) -> None:
        here = RequestToken.objects.using(alias).in_bulk([row["id"] for row in batch])
        new = []
        for row in batch:
            token = here.get(row["id"])
            if token is not None and token.account_fingerprint != IMPORTED:
                raise CommandError(
                    f"Token {row['id']} is taken by a token made here. Import before the first link is made here."
                )
            what = "here already" if token is not None else _reason_against(row)
            counts[what or "imported"] += 1
            if what is None:
                new.append(RequestToken(**_translated(row), account_fingerprint=IMPORTED))
        # Not create_tokens(), which would ask for what the ancestor never did, and prepare a fingerprint.
        RequestToken.objects.using(alias).bulk_create(new)


def _batches(alias: str) -> Iterator[list[dict[str, Any]]]:
    # By hand: the ancestor may be uninstalled already, and its models with it.
    connection = connections[alias]
    columns = ", ".join(connection.ops.quote_name(name) for name in COLUMNS)
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM {TABLE} WHERE id > %s ORDER BY id LIMIT {BATCH}",  # noqa: S608
                [last],
            )
            batch = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
        if not batch:
            return
        yield batch
        last = batch[-1]["id"]


def _reason_against(row: dict[str, Any]) -> str | None:
    if row["login_mode"] == RequestToken.LoginMode.SESSION:
        return "left out, signs in: ask for a new link"
    if not row["scope"] or row["issued_at"] is None:
        return "left out, has no scope or no time of issue"
    if row["login_mode"] == RequestToken.LoginMode.REQUEST and row["user_id"] is None:
        return "left out, has no user to act for"
    return None


def _translated(row: dict[str, Any]) -> dict[str, Any]:
    data = json.loads(row["data"]) if isinstance(row["data"], (str, bytes)) else row["data"]
    times = {name: _moment(row[name]) for name in ("issued_at", "not_before_time", "expiration_time")}
    return {
        **row,
        **times,
        "user_id": None if row["login_mode"] == RequestToken.LoginMode.NONE else _user_key(row["user_id"]),
        "data": {} if data is None else data,
        "max_uses": max(row["max_uses"], 0),
        "used_to_date": min(max(row["used_to_date"], 0), max(row["max_uses"], 0)),
    }


def _user_key(value: Any) -> Any:
    return RequestToken._meta.get_field("user").target_field.to_python(value)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):  # SQLite keeps times as text
        value = datetime.fromisoformat(value)
    if value is not None and settings.USE_TZ and value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return value  # type: ignore[no-any-return]

"""
The three statements of an admitted use: read the row, take a use, put it on record.

The ORM takes longer to write each of them than SQLite takes to answer, and it writes the same text every time. So its
own expressions are compiled once, with open slots where the values go, and the text is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connections, models, transaction
from django.db.models.expressions import Expression
from django.db.models.sql import UpdateQuery

from .models import USER, RequestToken, RequestTokenLog
from .querysets import a_use_taken


class Slot(Expression):
    """A value that is left open in the text of a statement, and prepared by its field on each run."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def fill(self, values: dict[str, Any], connection: Any) -> Any:
        return self.output_field.get_db_prep_value(values[self.name], connection)


TOKEN = Slot("token", RequestToken._meta.pk)


class Statement(NamedTuple):
    sql: str
    params: Sequence[Any]

    def run(self, cursor: Any, connection: Any, **values: Any) -> None:
        """Execute it with these values in its slots."""
        # Never the parameters of the compilation: SQLite's are texts by then, the clock among them.
        cursor.execute(self.sql, [p.fill(values, connection) if isinstance(p, Slot) else p for p in self.params])


def read(alias: str, pk: Any) -> RequestToken | None:
    """The token with its user, from this database; None if there is no such row."""
    connection: Any = connections[alias]
    reading = _reading(alias, connection.__class__, RequestToken)
    with connection.cursor() as cursor:
        reading.statement.run(cursor, connection, token=pk)
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    for position, column in reading.converted:
        for convert in connection.ops.get_db_converters(column) + column.get_db_converters(connection):
            values[position] = convert(values[position], column, connection)
    token = RequestToken.from_db(alias, reading.token_names, values[: len(reading.token_names)])
    has_user, of_user = token.user_id is not None, values[len(reading.token_names) :]
    USER.set_cached_value(token, get_user_model().from_db(alias, reading.user_names, of_user) if has_user else None)
    return token


def take_use(alias: str, pk: int, now: datetime) -> bool:
    """``RequestToken.objects.take_use``: True if there was a use to take."""
    connection: Any = connections[alias]
    statement = _taking(alias, connection.__class__, RequestToken)
    with transaction.mark_for_rollback_on_error(using=alias), connection.cursor() as cursor:
        statement.run(cursor, connection, token=pk, now=now)
        return bool(cursor.rowcount == 1)


def write_log(alias: str, **values: Any) -> None:
    """
    A row of RequestTokenLog, unless its token is gone; without its user, if that is gone.

    One INSERT ... SELECT: a view may have deleted the token or the user, and a foreign key that points nowhere would
    spoil the transaction around it, at its very end on SQLite and PostgreSQL.
    """
    connection: Any = connections[alias]
    statement = _logging(alias, connection.__class__, RequestTokenLog)
    with connection.cursor() as cursor:
        statement.run(cursor, connection, **values)


# Kept for each database, and for each class of connection, which decides how SQL is written; never on a connection,
# of which there is one per thread.


class Reading(NamedTuple):
    statement: Statement
    token_names: list[str]
    user_names: list[str]
    # The columns whose values this database does not give as their fields have them, by position.
    converted: list[tuple[int, Any]]


@lru_cache
def _reading(alias: str, kind: type, model: type) -> Reading:
    tokens = RequestToken._base_manager.using(alias).select_related("user").filter(pk=TOKEN)
    compiler = tokens.query.get_compiler(using=alias)
    statement = Statement(*compiler.as_sql())
    columns = [column for column, _, _ in compiler.select]
    names = [column.target.attname for column in columns]
    width, connection = len(RequestToken._meta.concrete_fields), connections[alias]
    converted = [
        (position, column)
        for position, column in enumerate(columns)
        if connection.ops.get_db_converters(column) or column.get_db_converters(connection)
    ]
    return Reading(statement, names[:width], names[width:], converted)


@lru_cache
def _taking(alias: str, kind: type, model: type) -> Statement:
    now = Slot("now", RequestToken._meta.get_field("last_used_at"))
    left = RequestToken.objects.using(alias).with_a_use_left(TOKEN, now)
    update: Any = left.query.chain(UpdateQuery)
    update.add_update_values(a_use_taken(now))
    return Statement(*update.get_compiler(using=alias).as_sql())


@lru_cache
def _logging(alias: str, kind: type, model: type) -> Statement:
    users = get_user_model()._base_manager.using(alias)
    fields = [field for field in RequestTokenLog._meta.concrete_fields if not field.primary_key]
    values: dict[str, Any] = {field.name: Slot(field.name, field) for field in fields}
    values["token"] = models.F("pk")
    values["user"] = models.Subquery(users.filter(pk=Slot("user", get_user_model()._meta.pk)).values("pk")[:1])
    rows = RequestToken._base_manager.using(alias).filter(pk=TOKEN).values_list(*values.values())
    select, params = rows.query.get_compiler(using=alias).as_sql()
    # Django has no INSERT ... SELECT: it compiles the SELECT, and this puts the rest in front.
    quote = connections[alias].ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    return Statement(f"INSERT INTO {quote(RequestTokenLog._meta.db_table)} ({names}) {select}", params)

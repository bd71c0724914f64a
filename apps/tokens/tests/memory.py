"""The test database moved into memory, where putting it back after each try costs next to nothing."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections


@contextmanager
def in_memory() -> Iterator[None]:
    """A copy of the SQLite test database in memory, which is the default database while the block runs."""
    on_disk = connections[DEFAULT_DB_ALIAS]
    copy = on_disk.copy()
    copy.settings_dict["NAME"] = ":memory:"
    copy.ensure_connection()
    # By a connection of its own: the one of the test may be in a transaction that holds the lock.
    with closing(sqlite3.connect(on_disk.settings_dict["NAME"], uri=True)) as reader:
        reader.backup(copy.connection)
    connections[DEFAULT_DB_ALIAS] = copy
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = on_disk
        copy.connection.close()


def keep() -> Callable[[], None]:
    """A function that makes the whole database again what it is now."""
    kept = sqlite3.connect(":memory:")
    connection.connection.backup(kept)

    def put_back() -> None:
        kept.backup(connection.connection)

    # Python 3.13 reports a connection that was never closed, in whichever test it is collected.
    weakref.finalize(put_back, kept.close)
    return put_back

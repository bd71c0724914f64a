"""What the site asks of SQLite is in force on the connections it opens, and is not only written in the settings."""

import json

import pytest

from tests.support.project import PRODUCTION

ASK = """
import django, json
django.setup()
from django.db import connection, transaction
def ask(pragma):
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
answers = {name: ask(name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
with transaction.atomic():
    answers["is locked"] = False
    import sqlite3
    try:
        sqlite3.connect(connection.settings_dict["NAME"], timeout=0).execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        answers["is locked"] = str(error)
print(json.dumps(answers))
"""


@pytest.fixture
def answers(run_python, tmp_path):
    url = f"sqlite:///{tmp_path}/site.sqlite3"
    variables = {**PRODUCTION, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    # A connection that is left open is reported by Python 3.13 when it ends.
    result = run_python("-W", "ignore::ResourceWarning", "-c", ASK, **variables)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_readers_do_not_wait_for_the_writer(answers):
    assert answers["journal_mode"] == "wal"
    assert answers["synchronous"] == 1  # NORMAL


def test_rows_cannot_refer_to_rows_that_are_not_there(answers):
    assert answers["foreign_keys"] == 1


def test_a_writer_waits_for_another_one(answers):
    assert answers["busy_timeout"] == 20_000


def test_a_transaction_takes_the_lock_when_it_begins(answers):
    assert answers["is locked"] == "database is locked"

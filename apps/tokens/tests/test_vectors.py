"""
What 1.x promises: the links, salts and tables of 1.0, kept in vectors.json for whoever reads them in another language.

A test that is red here says that links already sent would die. Do not change vectors.json to make it green.
"""

import importlib
import json
import time
from pathlib import Path

import pytest

from .. import signing
from ..exceptions import TokenError
from .support import APP

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))


@pytest.fixture
def at(monkeypatch, settings):
    """The moment, the key and the realm of a vector."""

    def at(vector):
        monkeypatch.setattr(time, "time", lambda: float(vector["now"]))
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = vector["secret_key"], []
        settings.REQUEST_TOKEN_REALM = vector["realm"]

    return at


def verdict(token):
    try:
        signing.decode(token)
    except TokenError as error:
        return error.code
    return "ok"


@pytest.mark.parametrize("vector", VECTORS["request tokens"], ids=lambda vector: vector["what"])
def test_a_request_token_of_1_0_gets_its_verdict(at, vector):
    at(vector)

    assert verdict(vector["token"]) == vector["verdict"]


@pytest.mark.parametrize(
    "vector", [each for each in VECTORS["request tokens"] if "claims" in each], ids=lambda vector: vector["what"]
)
def test_the_claims_of_1_0_make_the_same_request_token(at, vector):
    at(vector)

    assert signing.verify(vector["token"]) == vector["claims"]
    assert signing.encode(vector["claims"]) == vector["token"]


def test_the_first_migration_makes_the_tables_of_1_0():
    migration = importlib.import_module(f"{APP}.migrations.0001_initial").Migration("0001_initial", "any_label")
    tables = {
        operation.name: {name: f"{type(field).__name__}{' null' if field.null else ''}" for name, field in fields}
        for operation in migration.operations
        if (fields := getattr(operation, "fields", None))
    }

    assert tables == VECTORS["tables"]

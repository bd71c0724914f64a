"""The access tokens of 1.0; what ../test_vectors.py says goes for them, too."""

import time

import pytest

from ...access import scope, tokens
from ..test_vectors import VECTORS

VECTORS = VECTORS["access tokens"]


@pytest.fixture
def at(monkeypatch, settings):
    def at(vector):
        monkeypatch.setattr(time, "time", lambda: float(vector["now"]))
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = vector["secret_key"], []
        settings.REQUEST_TOKEN_REALM = vector["realm"]

    return at


def scope_of(grants):
    return scope.Scope(frozenset((tuple(path), permission) for path, permission in grants))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
def test_an_access_token_of_1_0_gets_its_verdict(at, vector):
    at(vector)

    found = tokens.inspect(vector["token"], salt=vector["salt"], state=vector["state"])

    assert found.reason.value == vector["verdict"]
    if "asks" in vector:
        is_covered = tokens.validate(
            vector["token"], scope_of(vector["asks"]), salt=vector["salt"], state=vector["state"]
        )
        assert is_covered is vector["covers"]


@pytest.mark.parametrize("vector", [each for each in VECTORS if "grants" in each], ids=lambda vector: vector["what"])
def test_the_grants_of_1_0_make_the_same_access_token(at, vector):
    at({**vector, "now": vector["issued"]})

    made = tokens.generate(
        scope_of(vector["grants"]), salt=vector["salt"], state=vector["state"], expires_in=vector["expires_in"]
    )

    assert made == vector["token"]

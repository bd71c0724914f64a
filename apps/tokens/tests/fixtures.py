"""Links, the people they are for, and the site they lead to."""

import logging
from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client

from ..conf import TokenSettings
from ..models import RequestToken
from .memory import in_memory


def pytest_terminal_summary(terminalreporter):
    """The figures that tests have given to ``record_property``, summed up."""
    figures = Counter()
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, number in report.user_properties:
            figures[name] += number
    for name, number in figures.items():
        terminalreporter.write_line(f"{name}: {number:,}")


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def no_exported_settings(monkeypatch):
    for name in vars(TokenSettings):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def memory(db):
    """The database in memory, for those who put it back a thousand times."""
    if connection.vendor != "sqlite":
        pytest.skip("Orders are explored on SQLite.")
    logging.disable()
    with in_memory():
        yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def make_user(db):
    def make(address="reader@example.com", **fields):
        model = get_user_model()
        return model.objects.create_user(**{model.USERNAME_FIELD: address, "email": address, **fields})

    return make


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def stranger(make_user):
    return make_user("stranger@example.com")


@pytest.fixture
def make_token(db):
    def make(**fields):
        return RequestToken.objects.create_token(**{"scope": "test", **fields})

    return make


@pytest.fixture
def request_token(make_token, user):
    return make_token(login_mode=RequestToken.LOGIN_MODE_REQUEST, user=user)


@pytest.fixture
def session_token(make_token, user):
    return make_token(login_mode=RequestToken.LOGIN_MODE_SESSION, user=user)


@pytest.fixture
def strict_client():
    """A client that checks CSRF tokens, as a browser would meet them."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def crashing_client():
    """A client that gets the 500 page of a view that raises, as a visitor would."""
    return Client(raise_request_exception=False)

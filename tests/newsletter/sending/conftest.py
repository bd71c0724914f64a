import signal

import pytest

from apps.newsletter import services
from apps.newsletter.sending import outcomes, worker
from tests.newsletter.factories import SubscriptionFactory


@pytest.fixture(autouse=True)
def signals_of_a_terminal():
    """A shell that starts the tests in the background has them ignore Ctrl-C."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """The rests of a worker, too short to be waited for."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(outcomes, "TROUBLE_SECONDS", 0)


@pytest.fixture
def make_readers():
    """So many subscriptions, with what a confirmed reader has."""

    def make(count):
        subscriptions = SubscriptionFactory.create_batch(count)
        for subscription in subscriptions:
            services.ensure_unsubscribe_token(subscription)
        return subscriptions

    return make

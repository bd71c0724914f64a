import pytest

from apps.newsletter import services
from apps.tokens.tests.fixtures import pytest_terminal_summary  # noqa: F401  # prints how many orders there were
from tests.newsletter.factories import IssueFactory, SubscriptionFactory
from tests.support.browsers import Visitor


@pytest.fixture
def commit_at_once(monkeypatch):
    """A test's transaction is never committed; what waits for the commit runs without it."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, using=None, robust=False: call())


@pytest.fixture
def visitor(db):
    return Visitor()


@pytest.fixture
def subscription(db):
    return SubscriptionFactory()


@pytest.fixture
def unsubscribe_path(subscription):
    return services.ensure_unsubscribe_token(subscription).tokenise("/newsletter/unsubscribe/")


@pytest.fixture
def issue(db):
    return IssueFactory()

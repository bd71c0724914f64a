import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.newsletter import services
from apps.tokens.tests.fixtures import pytest_terminal_summary  # noqa: F401  # prints how many orders there were
from config.services import read_email
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory, SubscriptionFactory
from tests.support.browsers import Visitor
from tests.support.mailserver import MailServer


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


@pytest.fixture
def editor(db):
    """Somebody of the staff who may write, share and send, and nothing else."""
    user = UserFactory(is_staff=True, name="Editor")
    names = ["add_issue", "change_issue", "preview_issue", "send_issue"]
    own = Permission.objects.filter(content_type__app_label="newsletter", codename__in=names)
    user.user_permissions.set(own)
    return user


@pytest.fixture
def editor_client(editor):
    client = Client()
    client.force_login(editor)
    return client


@pytest.fixture
def mail_server():
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def send_to(settings, monkeypatch, tmp_path):
    """Makes the settings send to a URL."""

    def use(url):
        monkeypatch.setenv("EMAIL_URL", url)
        for name, value in read_email("EMAIL_URL", base_dir=tmp_path).items():
            setattr(settings, name, value)

    return use


@pytest.fixture
def smtp(mail_server, send_to):
    """The mail server that the settings send to."""
    send_to(mail_server.url)
    return mail_server

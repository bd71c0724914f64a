import signal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.mailing.sending import outcomes, worker
from apps.newsletter import services
from config.services import read_email
from tests.factories import UserFactory
from tests.mailing.factories import DispatchFactory
from tests.newsletter.conftest import (  # noqa: F401  the fixtures of the app below
    commit_at_once,
    issue,
    subscription,
    unsubscribe_path,
    visitor,
)
from tests.newsletter.factories import SubscriptionFactory
from tests.newsletter.test_every_order import every_outcome  # noqa: F401
from tests.support.mailserver import MailServer


@pytest.fixture
def dispatch(db):
    """A sending that is due and not begun."""
    return DispatchFactory()


@pytest.fixture
def editor(db):
    """Somebody of the staff who may write, share and send, and nothing else."""
    user = UserFactory(is_staff=True, name="Editor")
    names = ["add_issue", "change_issue", "preview_issue", "send_issue"]
    own = Permission.objects.filter(content_type__app_label__in=["newsletter", "mailing"], codename__in=names)
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
        for made in subscriptions:
            services.ensure_unsubscribe_token(made)
        return subscriptions

    return make

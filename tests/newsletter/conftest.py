import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client

from apps.newsletter import services
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory, SubscriptionFactory


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


@pytest.fixture
def commit_at_once(monkeypatch):
    """A test's transaction is never committed; what waits for the commit runs without it."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, using=None, robust=False: call())


class Visitor(Client):
    """A browser: it has cookies, its forms need their CSRF token, and it presses buttons."""

    def __init__(self, **defaults):
        super().__init__(enforce_csrf_checks=True, **defaults)

    def press(self, page, **fields):
        """Send the form of a page that was opened, to where the form says."""
        form = re.search(r'<main.*?<form method="post"( action="(?P<action>[^"]*)")?', page.content.decode(), re.DOTALL)
        csrf_token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
        action = unescape(form["action"] or "") or page.wsgi_request.get_full_path()
        return self.post(action, {"csrfmiddlewaretoken": csrf_token[1], **fields})


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
    """Somebody of the staff who may write and send, and nothing else."""
    user = UserFactory(is_staff=True, name="Editor")
    own = Permission.objects.filter(content_type__app_label="newsletter", codename__in=["add_issue", "change_issue"])
    user.user_permissions.set(own)
    return user


@pytest.fixture
def editor_client(editor):
    client = Client()
    client.force_login(editor)
    return client

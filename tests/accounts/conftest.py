import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from tests import mails
from tests.factories import UserFactory

LOGIN_LINK = "/accounts/login/link/"
SIGNUP_LINK = "/accounts/signup/"


class Visitor(Client):
    """A browser: its forms need their CSRF token, and it presses the button in the page."""

    def __init__(self, **defaults):
        super().__init__(enforce_csrf_checks=True, **defaults)

    def press(self, page, **fields):
        form = re.search(r"<main.*?(<form .*?</form>)", page.content.decode(), re.DOTALL)[1]
        hidden = dict(re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)">', form))
        action = re.search(r'^<form [^>]*action="(.*?)"', form)
        return self.post(action[1] if action else page.wsgi_request.get_full_path(), {**hidden, **fields})

    @property
    def user_id(self):
        user_id = self.session.get("_auth_user_id")
        return user_id and int(user_id)


@pytest.fixture
def visitor(db):
    return Visitor()


@pytest.fixture
def reader(db):
    return UserFactory(email="reader@example.com")


@pytest.fixture
def ask(client, django_capture_on_commit_callbacks):
    """Send the sign-in form; a test's transaction is never committed, so what waits for it is run."""

    def ask(email="reader@example.com", *, headers=None, **fields):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(reverse("accounts:login"), {"email": email, **fields}, headers=headers)

    return ask


@pytest.fixture(params=["text", "html"])
def link_in(request):
    """Takes the link to a path out of a mail: once from its text part, once from its HTML part."""
    return {"text": mails.link_in_text, "html": mails.link_in_html}[request.param]


@pytest.fixture
def make_link(reader):
    """A sign-in link, out of the mail that carries it."""

    def make_link(user=reader, **options):
        return mails.link_in_text(services.login_mail(user, **options), LOGIN_LINK)

    return make_link


@pytest.fixture
def signup_link(ask, mailoutbox):
    ask("newcomer@example.com")
    return mails.link_in_text(mailoutbox.pop(), SIGNUP_LINK)

import pytest
from django.urls import reverse

from apps.accounts import asking
from tests.factories import UserFactory
from tests.support.browsers import Visitor
from tests.support.emails import link_in_html, link_in_text

LOGIN_LINK = reverse("accounts:login_link")
SIGNUP_LINK = reverse("accounts:signup")


@pytest.fixture
def visitor(db):
    return Visitor()


@pytest.fixture
def reader(db):
    return UserFactory(email="reader@example.com")


@pytest.fixture
def ask(client):
    """Send the sign-in form."""

    def ask(email="reader@example.com", *, browser=client, headers=None, **fields):
        return browser.post(reverse("accounts:login"), {"email": email, **fields}, headers=headers)

    return ask


@pytest.fixture(params=["text", "html"])
def link_in(request):
    """Takes the link to a path out of an email: once from its text part, once from its HTML part."""
    return {"text": link_in_text, "html": link_in_html}[request.param]


@pytest.fixture
def make_link(reader):
    """A sign-in link that no browser asked for, such as send_magic_link prints."""

    def make_link(user=reader, **options):
        # As it is on record: an earlier link may have ended its password.
        user.refresh_from_db()
        return asking.login_token(user, **options).tokenise(LOGIN_LINK)

    return make_link


@pytest.fixture
def signup_link(ask, mailoutbox):
    ask("newcomer@example.com")
    return link_in_text(mailoutbox.pop(), SIGNUP_LINK)

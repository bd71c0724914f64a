"""Who the navigation takes a visitor for, whatever link they came by."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.newsletter import services
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.newsletter.factories import PublishedIssueFactory, SubscriptionFactory
from tests.support.pages import ADDRESSES, looked_up_in_vain
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

LOGIN, LOGOUT = reverse("accounts:login"), reverse("accounts:logout")
UNSUBSCRIBE = reverse("newsletter:unsubscribe")


@pytest.fixture
def subscription():
    return SubscriptionFactory()


@pytest.fixture
def token(subscription):
    """The reader's own: mode REQUEST, for any number of uses."""
    return services.ensure_unsubscribe_token(subscription)


@pytest.fixture
def reader_client(client, subscription):
    client.force_login(subscription.user)
    return client


def ways_in_and_out(page):
    """Which of "Sign in" and "Sign out" the navigation offers."""
    navigation = re.search(r'<nav class="nav".*?</nav>', page.content.decode(), re.DOTALL)[0]
    return [path for path in (LOGIN, LOGOUT) if f'"{path}"' in navigation]


def test_a_signed_in_visitor_can_sign_out_on_a_page_that_takes_no_link(reader_client, token):
    page = reader_client.get(token.tokenise("/"))

    assert page.status_code == 200
    assert ways_in_and_out(page) == [LOGOUT]


def test_a_visitor_can_sign_in_on_a_page_that_takes_no_link(client, token):
    page = client.get(token.tokenise("/"))

    assert ways_in_and_out(page) == [LOGIN]


def test_a_link_that_has_not_acted_yet_lends_nobody_a_name(client, token):
    page = client.get(token.tokenise(UNSUBSCRIBE))

    assert page.status_code == 200
    assert ways_in_and_out(page) == [LOGIN]


def test_whom_a_link_acts_for_is_not_shown_as_signed_in(client, token):
    page = client.post(token.tokenise(UNSUBSCRIBE))

    assert "You are unsubscribed" in page.content.decode()
    assert ways_in_and_out(page) == []


def test_a_link_that_was_refused_says_nothing_about_the_visitor(reader_client, token):
    RequestToken.objects.filter(pk=token.pk).revoke()

    page = reader_client.get(token.tokenise("/"))

    assert reason(page) == "revoked"
    assert ways_in_and_out(page) == [LOGOUT]


@pytest.fixture
def editor_client(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", [*ADDRESSES, "/no/such/page/"])
def test_no_page_has_its_address_logged_for_want_of_a_variable(client, token, caplog, path, method):
    PublishedIssueFactory()
    caplog.set_level("DEBUG", "django.template")

    getattr(client, method)(token.tokenise(path))

    assert looked_up_in_vain(caplog) == []


def navigation(page):
    return re.search(r'<nav class="nav".*?</nav>', page.text, re.DOTALL)[0]


def test_staff_finds_the_admin_in_the_navigation(client):
    client.force_login(UserFactory(is_staff=True))

    assert f'href="{reverse("admin:index")}"' in navigation(client.get("/"))


def test_members_and_visitors_are_not_sent_to_the_admin(client, reader_client):
    visitor = Client().get("/")

    assert "admin" not in navigation(visitor) + navigation(reader_client.get("/"))


def test_a_link_of_a_member_of_the_staff_shows_nobody_the_admin(client, token, subscription):
    type(subscription.user).objects.update(is_staff=True)

    assert "admin" not in navigation(client.post(token.tokenise(UNSUBSCRIBE)))


def test_the_admin_is_called_as_the_site_is(editor_client):
    page = editor_client.get(reverse("admin:index")).text

    assert f"| {settings.SITE_NAME}</title>" in page
    assert "Django administration" not in page
    assert "css/admin.css" in page

"""A token in the address of a page of the desk does not reach the log by way of a template."""

import pytest
from django.urls import reverse

from apps.mailing.models import Dispatch
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory
from tests.support.pages import looked_up_in_vain

pytestmark = pytest.mark.django_db

DESK = ["issues", "compose"]
DESK_OF_AN_ISSUE = ["issue", "edit", "send", "cancel"]


@pytest.fixture
def editor_client(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def token():
    return RequestToken.objects.create_token("test", login_mode="Request", user=UserFactory())


@pytest.mark.parametrize("name", DESK)
def test_no_page_of_the_desk_has_its_address_logged_for_want_of_a_variable(editor_client, token, caplog, name):
    PublishedIssueFactory()
    caplog.set_level("DEBUG", "django.template")

    editor_client.get(token.tokenise(reverse(f"mailing:{name}")))

    assert looked_up_in_vain(caplog) == []


@pytest.mark.parametrize("status", [None, *Dispatch.Status.values])
@pytest.mark.parametrize("name", DESK_OF_AN_ISSUE)
def test_no_page_about_an_issue_has_its_address_logged_for_want_of_a_variable(
    editor_client, token, caplog, name, status
):
    issue = DispatchFactory(status=status).issue if status else IssueFactory()
    caplog.set_level("DEBUG", "django.template")

    editor_client.get(token.tokenise(reverse(f"mailing:{name}", args=[issue.slug])))

    assert looked_up_in_vain(caplog) == []

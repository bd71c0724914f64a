"""Sharing a draft, as an editor meets it."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from apps.newsletter.models import Issue
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return IssueFactory(slug="draft", title="A draft", body="The *text* of the draft.")


def share(client, issue):
    """Press the button of the desk; the link, as path and query."""
    page = client.post(reverse("mailing:share", args=[issue.slug]), {"lifetime": "24"})
    [link] = re.findall(r'<p class="address"><a href="https://latchkey\.example(/[^"]+)"', page.content.decode())
    return unescape(link)


def test_a_stranger_reads_the_draft_by_the_link_on_the_page(client, editor_client, draft):
    page = client.get(share(editor_client, draft))

    assert "The <em>text</em> of the draft." in page.content.decode()


def test_stop_sharing_ends_the_link(client, editor_client, draft):
    link = share(editor_client, draft)

    editor_client.post(reverse("mailing:stop_sharing", args=[draft.slug]))

    assert reason(client.get(link)) == "invalid"


@pytest.mark.parametrize("name", ["issues", "issue", "share"])
def test_the_link_opens_no_page_of_the_desk(client, editor_client, draft, name):
    path = reverse(f"mailing:{name}", args=[] if name == "issues" else ["draft"])

    answer = client.get(f"{path}?{share(editor_client, draft).partition('?')[2]}")

    assert answer.status_code == 302
    assert "login" in answer.url


ACTIONS = ["share", "stop_sharing"]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_visitor_is_asked_to_sign_in(client, draft, action):
    answer = client.post(reverse(f"mailing:{action}", args=[draft.slug]), {"lifetime": "24"})

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("accounts:login"))


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("rights", [{}, {"is_staff": True}], ids=["member", "staff"])
def test_nobody_without_the_permission_shares_or_stops(client, draft, action, rights):
    client.force_login(UserFactory(**rights))

    answer = client.post(reverse(f"mailing:{action}", args=[draft.slug]), {"lifetime": "24"})

    assert reason(answer) == "permission"
    assert Issue.objects.get().preview_key == draft.preview_key


def test_the_permission_without_being_staff_is_not_enough(client, editor, draft):
    editor.is_staff = False
    editor.save()
    client.force_login(editor)

    answer = client.post(reverse("mailing:share", args=[draft.slug]), {"lifetime": "24"})

    assert reason(answer) == "permission"


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_is_shared_or_stopped_by_a_form_on_another_site(editor, draft, action):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)

    answer = client.post(reverse(f"mailing:{action}", args=[draft.slug]), {"lifetime": "24"})

    assert reason(answer) == "csrf"
    assert Issue.objects.get().preview_key == draft.preview_key


@pytest.mark.parametrize("action", ACTIONS)
def test_opening_the_address_of_a_button_changes_nothing_and_leads_back(editor_client, draft, action):
    answer = editor_client.get(reverse(f"mailing:{action}", args=[draft.slug]))

    assert answer.url == reverse("mailing:issue", args=[draft.slug])
    assert Issue.objects.get().preview_key == draft.preview_key


@pytest.mark.parametrize("lifetime", ["", "0", "-1", "8760", "x"])
def test_only_the_lifetimes_on_the_page_can_be_chosen(editor_client, draft, lifetime):
    answer = editor_client.post(reverse("mailing:share", args=[draft.slug]), {"lifetime": lifetime})

    assert answer.url == reverse("mailing:issue", args=[draft.slug])


def test_what_is_published_needs_no_link(editor_client):
    issue = PublishedIssueFactory()

    answer = editor_client.post(reverse("mailing:share", args=[issue.slug]), {"lifetime": "24"}, follow=True)

    assert "anybody can read it" in answer.content.decode()


def test_the_link_is_shown_once_and_kept_out_of_caches_and_logs(editor_client, draft, caplog):
    caplog.set_level("DEBUG")
    answer = editor_client.post(reverse("mailing:share", args=[draft.slug]), {"lifetime": "24"})
    again = editor_client.get(reverse("mailing:issue", args=[draft.slug]))

    assert "at=" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "at=" not in again.content.decode()
    assert "at=" not in caplog.text


def test_the_host_of_the_link_is_a_setting_and_not_what_the_browser_says(editor_client, draft, settings):
    settings.ALLOWED_HOSTS = ["*"]

    page = editor_client.post(
        reverse("mailing:share", args=[draft.slug]), {"lifetime": "24"}, headers={"Host": "evil.example"}
    )

    assert "evil.example" not in page.content.decode()
    assert "https://latchkey.example/newsletter/preview/draft/?at=" in page.content.decode()

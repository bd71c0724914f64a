"""Sharing a draft, as an editor and the holder of the link meet it."""

import re
import time
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.newsletter.models import Issue
from apps.tokens.access import scope, tokens
from apps.tokens.access.decorators import access_url
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~"


@pytest.fixture
def draft():
    return IssueFactory(slug="draft", title="A draft", body="The *text* of the draft.")


def share(client, issue, lifetime="24"):
    """Press the button of the staff page; the link, as path and query."""
    page = client.post(reverse("newsletter:staff_share", args=[issue.slug]), {"lifetime": lifetime})
    [link] = re.findall(r'<p class="address"><a href="https://latchkey\.example(/[^"]+)"', page.content.decode())
    return unescape(link)


@pytest.fixture
def link(editor_client, draft):
    return share(editor_client, draft)


def test_a_stranger_with_the_link_reads_the_draft_and_is_told_that_it_is_one(client, link):
    page = client.get(link)

    assert page.status_code == 200
    assert "The <em>text</em> of the draft." in page.content.decode()
    assert '<p class="draft" role="note">Draft.' in page.content.decode()
    assert "<title>Draft: A draft - Latchkey</title>" in page.content.decode()


def test_a_member_who_is_signed_in_reads_it_too_and_stays_signed_in(client, link):
    client.force_login(UserFactory())

    assert client.get(link).status_code == 200
    assert client.get(reverse("newsletter:invite")).status_code == 200


def test_the_link_asks_no_more_of_the_database_than_the_draft_itself(client, link, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        client.get(link)


def test_the_link_opens_no_other_draft(client, link):
    IssueFactory(slug="other")

    answer = client.get(link.replace("/draft/", "/other/"))

    assert reason(answer) == "invalid"


def test_another_draft_with_the_same_preview_key_stays_closed(client, link, draft):
    IssueFactory(slug="other", preview_key=draft.preview_key)

    answer = client.get(link.replace("/draft/", "/other/"))

    assert reason(answer) == "invalid"


def test_no_answer_tells_whether_there_is_another_draft(client, link):
    IssueFactory(slug="other")
    texts = [client.get(link.replace("/draft/", f"/{slug}/")).content for slug in ("other", "nothing")]
    forged = client.get(link + "x").content

    assert texts == [forged, forged]


@pytest.mark.parametrize(
    "path",
    [
        reverse("newsletter:staff_issues"),
        reverse("newsletter:staff_issue", args=["draft"]),
        reverse("newsletter:staff_share", args=["draft"]),
        reverse("newsletter:invite"),
        reverse("admin:newsletter_issue_changelist"),
    ],
)
def test_the_link_opens_no_page_for_staff_or_members(client, link, path):
    answer = client.get(f"{path}?{link.partition('?')[2]}")

    assert answer.status_code == 302
    assert "login" in answer.url


def test_the_link_makes_nobody_of_the_staff_more_powerful(client, link, draft):
    client.force_login(UserFactory(is_staff=True))
    change_page = reverse("admin:newsletter_issue_change", args=[draft.pk])

    answer = client.get(f"{change_page}?{link.partition('?')[2]}")

    assert reason(answer) == "permission"


def test_without_the_link_the_draft_stays_closed(client, link):
    page = client.get(link.partition("?")[0])

    assert reason(page) == "missing"
    assert "opens only with the link" in page.content.decode()


def test_a_link_with_one_character_changed_is_refused_wherever_it_is(client, link):
    address, _, token = link.rpartition("=")
    changed = [
        f"{address}={token[:place]}{other}{token[place + 1 :]}"
        for place, character in enumerate(token)
        for other in (ALPHABET[ALPHABET.index(character) - 1], ALPHABET[ALPHABET.index(character) - 13])
    ]

    assert len(changed) > 100
    assert {reason(client.get(url)) for url in changed} == {"invalid"}


@pytest.mark.parametrize(("lifetime", "hours"), [("1", 1), ("24", 24), ("168", 168)])
def test_the_link_works_as_long_as_was_chosen_and_no_longer(client, editor_client, draft, monkeypatch, lifetime, hours):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    link = share(editor_client, draft, lifetime)

    monkeypatch.setattr(time, "time", lambda: now + hours * 3600 - 1)
    in_time = client.get(link)
    monkeypatch.setattr(time, "time", lambda: now + hours * 3600)
    late = client.get(link)

    assert in_time.status_code == 200
    assert reason(late) == "expired"
    assert "This link has expired" in late.content.decode()


@pytest.mark.parametrize("status", [Issue.Status.SENDING, Issue.Status.PAUSED, Issue.Status.SENT])
def test_publishing_ends_the_link(client, link, draft, status):
    Issue.objects.filter(pk=draft.pk).update(status=status, published_at=timezone.now())

    assert reason(client.get(link)) == "invalid"


def test_an_issue_that_waits_for_its_hour_can_still_be_previewed(client, link, draft):
    tomorrow = timezone.now() + timedelta(days=1)

    Issue.objects.filter(pk=draft.pk).update(status=Issue.Status.SCHEDULED, published_at=tomorrow)

    assert client.get(link).status_code == 200


def test_when_its_hour_has_come_the_link_is_over(client, link, draft):
    Issue.objects.filter(pk=draft.pk).update(status=Issue.Status.SCHEDULED, published_at=timezone.now())

    assert reason(client.get(link)) == "invalid"


def test_a_changed_text_is_what_the_link_shows(client, link, draft):
    Issue.objects.filter(pk=draft.pk).update(body="Better words.")

    assert "Better words." in client.get(link).content.decode()


def test_stop_sharing_ends_every_link_to_this_draft_and_to_no_other(client, editor_client, draft):
    links = [share(editor_client, draft) for _ in range(2)]
    other = share(editor_client, IssueFactory())

    editor_client.post(reverse("newsletter:staff_stop_sharing", args=[draft.slug]))

    assert [reason(client.get(link)) for link in links] == ["invalid", "invalid"]
    assert client.get(other).status_code == 200
    assert client.get(share(editor_client, draft)).status_code == 200


def test_a_token_without_the_state_of_the_draft_opens_nothing(client, draft):
    path = reverse("newsletter:preview", args=[draft.slug])
    grant = scope.access_obj(draft, "newsletter.preview_issue")

    assert reason(client.get(access_url(path, grant))) == "invalid"


def test_the_link_grants_reading_and_nothing_else(link, draft):
    token = link.rpartition("=")[2]

    found = tokens.inspect(token, state=draft.preview_state())

    assert found.scope == scope.access_obj(draft, "newsletter.preview_issue")


def test_the_page_stays_out_of_caches_referrers_and_search_engines(client, link):
    headers = client.get(link).headers

    assert headers["Cache-Control"] == "no-store, private"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Robots-Tag"] == "noindex"


def test_head_is_answered_as_get_is(client, link):
    answer = client.head(link)

    assert answer.status_code == 200
    assert answer.content == b""


def test_the_page_takes_no_post(client, link):
    assert client.post(link).status_code == 405


ACTIONS = ["staff_share", "staff_stop_sharing"]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_visitor_is_asked_to_sign_in(client, draft, action):
    answer = client.post(reverse(f"newsletter:{action}", args=[draft.slug]), {"lifetime": "24"})

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("accounts:login"))


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("rights", [{}, {"is_staff": True}], ids=["member", "staff"])
def test_nobody_without_the_permission_shares_or_stops(client, draft, action, rights):
    client.force_login(UserFactory(**rights))

    answer = client.post(reverse(f"newsletter:{action}", args=[draft.slug]), {"lifetime": "24"})

    assert reason(answer) == "permission"
    assert Issue.objects.get().preview_key == draft.preview_key


def test_the_permission_without_being_staff_is_not_enough(client, editor, draft):
    editor.is_staff = False
    editor.save()
    client.force_login(editor)

    answer = client.post(reverse("newsletter:staff_share", args=[draft.slug]), {"lifetime": "24"})

    assert reason(answer) == "permission"


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_is_shared_or_stopped_by_a_form_on_another_site(editor, draft, action):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)

    answer = client.post(reverse(f"newsletter:{action}", args=[draft.slug]), {"lifetime": "24"})

    assert reason(answer) == "csrf"
    assert Issue.objects.get().preview_key == draft.preview_key


@pytest.mark.parametrize("action", ACTIONS)
def test_opening_the_address_of_a_button_changes_nothing_and_leads_back(editor_client, draft, action):
    answer = editor_client.get(reverse(f"newsletter:{action}", args=[draft.slug]))

    assert answer.url == reverse("newsletter:staff_issue", args=[draft.slug])
    assert Issue.objects.get().preview_key == draft.preview_key


@pytest.mark.parametrize("lifetime", ["", "0", "-1", "8760", "x"])
def test_only_the_lifetimes_on_the_page_can_be_chosen(editor_client, draft, lifetime):
    answer = editor_client.post(reverse("newsletter:staff_share", args=[draft.slug]), {"lifetime": lifetime})

    assert answer.url == reverse("newsletter:staff_issue", args=[draft.slug])


def test_what_is_published_needs_no_link(editor_client):
    issue = PublishedIssueFactory()

    answer = editor_client.post(reverse("newsletter:staff_share", args=[issue.slug]), {"lifetime": "24"}, follow=True)

    assert "anybody can read it" in answer.content.decode()


def test_the_link_is_shown_once_and_kept_out_of_caches_and_logs(editor_client, draft, caplog):
    caplog.set_level("DEBUG")
    answer = editor_client.post(reverse("newsletter:staff_share", args=[draft.slug]), {"lifetime": "24"})
    again = editor_client.get(reverse("newsletter:staff_issue", args=[draft.slug]))

    assert "at=" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "at=" not in again.content.decode()
    assert "at=" not in caplog.text


def test_the_host_of_the_link_is_a_setting_and_not_what_the_browser_says(editor_client, draft, settings):
    settings.ALLOWED_HOSTS = ["*"]

    page = editor_client.post(
        reverse("newsletter:staff_share", args=[draft.slug]), {"lifetime": "24"}, headers={"Host": "evil.example"}
    )

    assert "evil.example" not in page.content.decode()
    assert "https://latchkey.example/newsletter/preview/draft/?at=" in page.content.decode()


def test_signing_in_by_link_and_by_password_still_works_beside_the_second_backend(client):
    user = UserFactory(is_staff=True)
    user.set_password("a long password")
    user.save()

    assert client.login(username=user.email, password="a long password")
    assert client.get(reverse("admin:index")).status_code == 200

"""Sharing a draft, as the holder of the link meets it."""

import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.newsletter.models import Issue
from apps.newsletter.services import preview_url
from apps.tokens.access import scope, tokens
from apps.tokens.access.decorators import access_url
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~"


@pytest.fixture
def draft():
    return IssueFactory(slug="draft", title="A draft", body="The *text* of the draft.")


def share(issue, hours=24):
    """A link to the draft, as path and query."""
    return preview_url(issue, timedelta(hours=hours)).removeprefix("https://latchkey.example")


@pytest.fixture
def link(draft):
    return share(draft)


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


@pytest.mark.parametrize("hours", [1, 24, 168])
def test_the_link_works_as_long_as_was_chosen_and_no_longer(client, draft, monkeypatch, hours):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    link = share(draft, hours)

    monkeypatch.setattr(time, "time", lambda: now + hours * 3600 - 1)
    in_time = client.get(link)
    monkeypatch.setattr(time, "time", lambda: now + hours * 3600)
    late = client.get(link)

    assert in_time.status_code == 200
    assert reason(late) == "expired"
    assert "This link has expired" in late.content.decode()


def test_publishing_ends_the_link(client, link, draft):
    Issue.objects.filter(pk=draft.pk).update(published_at=timezone.now())

    assert reason(client.get(link)) == "invalid"


def test_an_issue_that_waits_for_its_hour_can_still_be_previewed(client, link, draft):
    tomorrow = timezone.now() + timedelta(days=1)

    Issue.objects.filter(pk=draft.pk).update(published_at=tomorrow)

    assert client.get(link).status_code == 200


def test_a_changed_text_is_what_the_link_shows(client, link, draft):
    Issue.objects.filter(pk=draft.pk).update(body="Better words.")

    assert "Better words." in client.get(link).content.decode()


def test_stop_sharing_ends_every_link_to_this_draft_and_to_no_other(client, draft):
    links = [share(draft, hours) for hours in (1, 2)]
    other = share(IssueFactory())

    draft.stop_sharing()

    assert [reason(client.get(link)) for link in links] == ["invalid", "invalid"]
    assert client.get(other).status_code == 200
    assert client.get(share(draft)).status_code == 200


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


def test_signing_in_by_link_and_by_password_still_works_beside_the_second_backend(client):
    user = UserFactory(is_staff=True)
    user.set_password("a long password")
    user.save()

    assert client.login(username=user.email, password="a long password")
    assert client.get(reverse("admin:index")).status_code == 200

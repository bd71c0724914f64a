"""Compose, preview, edit."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailing.desk.forms import IssueForm
from apps.mailing.models import Dispatch
from apps.newsletter.models import Issue
from tests.factories import UserFactory
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory

pytestmark = pytest.mark.django_db

COMPOSE = reverse("mailing:compose")
TYPED = {"title": "A title", "slug": "a-slug", "summary": "Short.", "body": "The *text*."}


def edit_url(issue):
    return reverse("mailing:edit", args=[issue.slug])


def test_what_was_typed_becomes_a_draft(editor_client):
    answer = editor_client.post(COMPOSE, TYPED)

    issue = Issue.objects.get()
    assert answer.url == reverse("mailing:issue", args=["a-slug"])
    assert {name: getattr(issue, name) for name in TYPED} == TYPED
    assert (issue.published_at, Dispatch.objects.count()) == (None, 0)


def test_the_preview_shows_the_text_as_readers_will_see_it_and_stores_nothing(editor_client):
    page = editor_client.post(COMPOSE, {**TYPED, "body": "The *text* <b>.", "preview": ""}).text

    assert "<p>The <em>text</em> &lt;b&gt;.</p>" in page
    assert "The *text* &lt;b&gt;.</textarea>" in page
    assert "not saved yet" in page
    assert not Issue.objects.exists()


def test_the_preview_of_an_issue_that_exists_leaves_it_as_it_is(editor_client, issue):
    page = editor_client.post(edit_url(issue), {**TYPED, "preview": ""}).text

    assert "<p>The <em>text</em>.</p>" in page
    assert Issue.objects.get().body == issue.body


def test_a_form_with_mistakes_has_a_preview_too_and_says_what_is_wrong(editor_client):
    page = editor_client.post(COMPOSE, {**TYPED, "title": "", "preview": ""}).text

    assert "<em>text</em>" in page
    assert "Enter a title." in page


def shown_slug(page):
    return re.search(r'name="slug"[^>]*?value="([^"]*)"|value="([^"]*)"[^>]*?name="slug"', page.text)


def test_the_preview_fills_in_the_address_made_of_the_title(editor_client):
    page = editor_client.post(COMPOSE, {**TYPED, "slug": "", "preview": ""})

    assert "a-title" in shown_slug(page).groups()


@pytest.mark.parametrize(
    ("title", "slug"),
    [("A title", "a-title"), ("Über & Öl!", "uber-ol"), ("x" * 200, "x" * 96)],
)
def test_without_an_address_one_is_made_of_the_title(editor_client, title, slug):
    editor_client.post(COMPOSE, {**TYPED, "title": title, "slug": ""})

    assert Issue.objects.get().slug == slug


@pytest.mark.parametrize("title", ["  -  ", "日本"])
def test_a_title_without_latin_letters_gets_the_day_for_an_address(editor_client, title):
    editor_client.post(COMPOSE, {**TYPED, "title": title, "slug": ""})

    assert re.fullmatch(r"issue-\d{4}-\d\d-\d\d", Issue.objects.get().slug)


def test_an_address_made_of_the_title_is_a_free_one(editor_client):
    slugs = ["a-title", "a-title-2", "a-title-4", "a-title-and-more"]
    for slug in slugs:
        IssueFactory(slug=slug)

    editor_client.post(COMPOSE, {**TYPED, "slug": ""})

    assert set(Issue.objects.values_list("slug", flat=True)) == {*slugs, "a-title-3"}


def test_an_address_that_is_taken_is_refused_with_the_reason(editor_client):
    IssueFactory(slug="a-slug")

    page = editor_client.post(COMPOSE, TYPED)

    assert "Another issue has this address." in page.text
    assert Issue.objects.count() == 1


@pytest.mark.parametrize("slug", ["with space", "ümlaut", "a/b", "a" * 101, "?"])
def test_an_address_that_is_none_is_refused(editor_client, slug):
    assert editor_client.post(COMPOSE, {**TYPED, "slug": slug}).status_code == 200
    assert not Issue.objects.exists()


@pytest.mark.parametrize(("field", "words"), [("title", "Enter a title."), ("body", "Enter the text.")])
def test_title_and_text_are_needed(editor_client, field, words):
    page = editor_client.post(COMPOSE, {**TYPED, field: " "})

    assert words in page.text
    assert "<title>Error:" in page.text
    assert not Issue.objects.exists()


def test_an_issue_is_changed(editor_client, issue):
    answer = editor_client.post(edit_url(issue), TYPED | {"version": 1})

    assert answer.url == reverse("mailing:issue", args=["a-slug"])
    assert Issue.objects.values(*TYPED).get() == TYPED


def test_the_form_writes_its_four_fields_and_no_other(editor_client, issue):
    at = timezone.now()
    Issue.objects.update(published_at=at)
    key = issue.preview_key

    editor_client.post(edit_url(issue), {**TYPED, "version": 1, "published_at": "", "preview_key": "x"})

    issue.refresh_from_db()
    assert (issue.published_at, issue.preview_key, issue.title) == (at, key, "A title")


def test_an_address_that_somebody_takes_in_the_same_moment_is_refused_with_the_reason(editor_client, monkeypatch):
    is_valid = IssueForm.is_valid
    monkeypatch.setattr(IssueForm, "is_valid", lambda form: is_valid(form) and bool(IssueFactory(slug="taken")))

    page = editor_client.post(COMPOSE, {**TYPED, "slug": "taken"})

    assert "Another issue has this address" in page.text
    assert Issue.objects.count() == 1


def test_an_address_does_not_begin_with_a_hyphen(editor_client):
    editor_client.post(COMPOSE, {**TYPED, "slug": "-x"})

    assert Issue.objects.get().slug == "x"


def test_the_page_of_a_draft_shows_its_markdown_as_html(editor_client):
    issue = IssueFactory(body="One *two*")

    assert "<p>One <em>two</em></p>" in editor_client.get(reverse("mailing:issue", args=[issue.slug])).text


# Two editors


def opened_version(client, issue):
    page = client.get(edit_url(issue)).text
    return re.search(r'<input type="hidden" name="version" value="(\d+)"', page)[1]


def test_of_two_editors_the_second_to_save_is_refused_and_shown_what_stands_there(editor_client, issue):
    first, second = opened_version(editor_client, issue), opened_version(editor_client, issue)
    editor_client.post(edit_url(issue), {**TYPED, "slug": issue.slug, "body": "The first.", "version": first})

    page = editor_client.post(edit_url(issue), {**TYPED, "slug": issue.slug, "body": "The second.", "version": second})

    assert page.status_code == 409
    assert Issue.objects.get().body == "The first."
    assert "Somebody else has saved this issue since you opened it." in page.text
    assert "The first.</pre>" in page.text
    assert "The second.</textarea>" in page.text


def test_having_seen_what_stands_there_the_second_editor_can_replace_it(editor_client, issue):
    Issue.objects.update(version=7, body="The first.")
    mine = {**TYPED, "slug": issue.slug, "body": "Both."}
    refused = editor_client.post(edit_url(issue), {**mine, "version": 1}).text

    shown = re.search(r'<input type="hidden" name="version" value="(\d+)"', refused)[1]
    editor_client.post(edit_url(issue), {**mine, "version": shown})

    assert Issue.objects.values("body", "version").get() == {"body": "Both.", "version": 8}


@pytest.mark.parametrize("version", [None, "", "x", "0", "9" * 30])
def test_a_form_that_does_not_say_what_it_began_with_wipes_nothing_out(editor_client, issue, version):
    answer = editor_client.post(edit_url(issue), TYPED | ({} if version is None else {"version": version}))

    assert answer.status_code in (200, 409)
    assert Issue.objects.get().body == issue.body


def test_saving_in_the_admin_counts_as_somebody_else(editor_client, issue, client):
    began = opened_version(editor_client, issue)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    fields = {"title": "Admin", "slug": issue.slug, "summary": "", "body": "Text"}
    client.post(reverse("admin:newsletter_issue_change", args=[issue.pk]), fields)

    page = editor_client.post(edit_url(issue), {**TYPED, "version": began})

    assert page.status_code == 409
    assert Issue.objects.get().title == "Admin"


@pytest.mark.parametrize("status", ["sending", "paused", "sent"])
def test_an_issue_can_be_edited_while_it_is_sent(editor_client, status):
    issue = DispatchFactory(status=status).issue

    editor_client.post(edit_url(issue), TYPED | {"version": 1})

    assert Issue.objects.get().title == "A title"


def test_a_published_issue_keeps_its_address(editor_client):
    issue = PublishedIssueFactory()

    editor_client.post(edit_url(issue), TYPED | {"version": 1})

    assert Issue.objects.values("slug", "title").get() == {"slug": issue.slug, "title": "A title"}

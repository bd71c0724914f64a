"""Compose, preview, edit."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.newsletter.models import Issue
from apps.newsletter.staff.forms import IssueForm
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory

pytestmark = pytest.mark.django_db

COMPOSE = reverse("newsletter:staff_compose")
TYPED = {"title": "A title", "slug": "a-slug", "summary": "Short.", "body": "The *text*."}


def edit_url(issue):
    return reverse("newsletter:staff_edit", args=[issue.slug])


def test_what_was_typed_becomes_a_draft(editor_client):
    answer = editor_client.post(COMPOSE, TYPED)

    issue = Issue.objects.get()
    assert answer.url == reverse("newsletter:staff_issue", args=["a-slug"])
    assert {name: getattr(issue, name) for name in TYPED} == TYPED
    assert (issue.status, issue.published_at) == (Issue.Status.DRAFT, None)


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
    answer = editor_client.post(edit_url(issue), TYPED)

    assert answer.url == reverse("newsletter:staff_issue", args=["a-slug"])
    assert Issue.objects.values(*TYPED).get() == TYPED


def test_the_form_writes_its_four_fields_and_no_other(editor_client, issue):
    at = timezone.now()
    Issue.objects.schedule(at)

    editor_client.post(edit_url(issue), {**TYPED, "slug": issue.slug, "status": "draft", "preview_key": "x"})

    issue.refresh_from_db()
    assert (issue.status, issue.published_at, issue.title) == (Issue.Status.SCHEDULED, at, "A title")


def test_an_address_that_somebody_takes_in_the_same_moment_is_refused_with_the_reason(editor_client, monkeypatch):
    is_valid = IssueForm.is_valid
    monkeypatch.setattr(IssueForm, "is_valid", lambda form: is_valid(form) and bool(IssueFactory(slug="taken")))

    page = editor_client.post(COMPOSE, {**TYPED, "slug": "taken"})

    assert "Another issue has this address" in page.text
    assert Issue.objects.count() == 1


def test_an_address_does_not_begin_with_a_hyphen(editor_client):
    editor_client.post(COMPOSE, {**TYPED, "slug": "-x"})

    assert Issue.objects.get().slug == "x"


def test_a_draft_that_is_sent_off_while_somebody_writes_is_neither_changed_nor_stopped(
    editor_client, issue, monkeypatch
):
    is_valid = IssueForm.is_valid
    monkeypatch.setattr(IssueForm, "is_valid", lambda form: is_valid(form) and bool(Issue.objects.start()))

    page = editor_client.post(edit_url(issue), {**TYPED, "slug": "other"}, follow=True)

    assert "is being sent" in page.text
    assert Issue.objects.values("title", "slug", "status").get() == {
        "title": issue.title,
        "slug": issue.slug,
        "status": "sending",
    }


@pytest.mark.parametrize("status", [Issue.Status.SENDING, Issue.Status.PAUSED])
@pytest.mark.parametrize("method", ["get", "post"])
def test_while_it_is_sent_all_readers_get_the_same_text(editor_client, status, method):
    issue = PublishedIssueFactory(status=status)

    page = getattr(editor_client, method)(edit_url(issue), TYPED, follow=True)

    assert "is being sent" in page.text
    assert Issue.objects.get().title == issue.title


def test_a_published_issue_keeps_its_address(editor_client):
    issue = PublishedIssueFactory()

    editor_client.post(edit_url(issue), TYPED)

    assert Issue.objects.values("slug", "title").get() == {"slug": issue.slug, "title": "A title"}

"""What every page owes to everybody: a name, one headline, a way past the navigation."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.http import FileResponse, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from config import error_pages
from config.error_pages import bad_request, server_error
from tests.factories import UserFactory
from tests.support.pages import ADDRESSES, Page, problems_of
from tests.support.project import ROOT
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

COLORS = (ROOT / "static/css/colors.css").read_text(encoding="utf-8")
STYLESHEET = (ROOT / "static/css/site.css").read_text(encoding="utf-8")
ERROR_PAGES = ["400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"]
HOSTILE_HOST = {"host": "evil.example"}


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_page_is_in_order(client, path):
    page = client.get(path)

    assert problems_of(page) == []


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_page_is_in_order_for_a_member(client, path):
    client.force_login(UserFactory())

    page = client.get(path)

    assert problems_of(page) == []


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_form_sent_empty_shows_what_is_wrong_in_order(client, path):
    client.force_login(UserFactory())

    page = client.post(path)

    assert problems_of(page) == []


@pytest.mark.parametrize(
    "answer",
    [HttpResponse("Invited by a friend"), JsonResponse({"n": 1}), FileResponse(BytesIO(b"<html>"), filename="a.csv")],
    ids=["text", "JSON", "a file"],
)
def test_an_answer_that_is_no_page_owes_nothing_to_anybody(answer):
    assert problems_of(answer) == []


def test_a_page_without_a_headline_is_still_found():
    assert "not one h1" in problems_of(HttpResponse("<!doctype html><html lang=en><p>Hello</p></html>"))


def test_a_form_says_what_is_wrong_on_top_and_beside_the_field(client):
    page = Page(client.post(reverse("accounts:login"), {"email": "reader@"}).content.decode())

    [summary] = [attributes for _, attributes in page.elements if attributes.get("role") == "alert"]
    [field] = [attributes for attributes in page.all("input") if attributes["name"] == "email"]
    assert summary["tabindex"] == "-1"
    assert "autofocus" in summary
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "id_email_error"
    assert "#id_email" in [link["href"] for link in page.all("a")]
    assert page.title.startswith("Error: ")
    assert page.problems() == []


@pytest.mark.parametrize("template", ERROR_PAGES)
def test_every_error_page_is_in_order(rf, template):
    assert Page(render_to_string(template, {"minutes": 5}, request=rf.get("/"))).problems() == []


@pytest.mark.parametrize("answer", [lambda: bad_request(None, None), lambda: server_error(None)], ids=["400", "500"])
def test_the_pages_for_the_worst_ask_for_a_stylesheet_that_needs_no_list_of_files(answer, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

    page = Page(answer().content.decode())

    assert page.problems() == []
    assert [link["href"] for link in page.all("link")] == ["/static/css/colors.css", "/static/css/site.css"]


@pytest.mark.parametrize("template", ERROR_PAGES)
def test_every_error_page_leads_on(rf, template):
    page = Page(render_to_string(template, {"minutes": 5}, request=rf.get("/")))

    assert [link["href"] for link in page.all("a") if link.get("class", "").startswith("button")]


def test_an_address_that_leads_nowhere_says_so_and_offers_the_archive(client):
    answer = client.get("/no/such/page/")

    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()
    assert "Look in the archive" in answer.content.decode()


def test_a_form_without_its_csrf_token_is_told_to_send_again():
    answer = Client(enforce_csrf_checks=True).post(reverse("accounts:login"), {"email": "reader@example.com"})

    assert reason(answer) == "csrf"
    assert "Please send that again" in answer.content.decode()


def test_a_foreign_host_is_answered_in_the_same_clothes(client):
    answer = client.get("/", headers=HOSTILE_HOST)

    assert answer.status_code == 400
    assert "We could not read that request" in answer.content.decode()


def test_a_broken_page_says_that_it_is_not_the_readers_doing(rf):
    answer = error_pages.server_error(rf.get("/"))

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()


def test_who_may_not_open_a_page_is_told_what_to_do(rf):
    request = rf.get("/")
    request.user = UserFactory(email="reader@example.com")

    answer = error_pages.permission_denied(request, PermissionError())

    assert answer.status_code == 403
    assert "reader@example.com" in answer.content.decode()
    assert "sign out" in answer.content.decode()


def test_the_page_one_is_on_is_marked_in_the_navigation(client):
    page = Page(client.get(reverse("accounts:login")).content.decode())

    assert [link["href"] for link in page.all("a") if "aria-current" in link] == [reverse("accounts:login")]


def test_a_member_sees_the_members_page_and_the_button_to_sign_out(client):
    client.force_login(UserFactory())

    page = Page(client.get("/").content.decode())

    assert reverse("accounts:profile") in [link["href"] for link in page.all("a")]
    assert reverse("accounts:logout") in [form.get("action") for form in page.all("form")]


def test_the_stylesheet_fetches_nothing_from_elsewhere():
    assert "http" not in STYLESHEET.replace('[href^="http"]', "")
    assert "@import" not in STYLESHEET
    assert "url(" not in STYLESHEET


def test_motion_dark_mode_and_paper_are_thought_of():
    assert "prefers-reduced-motion" in STYLESHEET
    assert "color-scheme: light dark" in COLORS
    assert "@media print" in STYLESHEET


def test_every_word_on_a_page_can_be_translated():
    """A text between two tags that no translate tag surrounds is one that a translator never sees."""
    templates = [path for folder in settings.TEMPLATES[0]["DIRS"] for path in Path(folder).rglob("*.html")]

    assert [found for path in templates for found in untranslated(path)] == []


def untranslated(path):
    source = path.read_text(encoding="utf-8")
    for noise in (
        r"\{% comment %\}.*?\{% endcomment %\}",
        r"\{#.*?#\}",
        r"\{% blocktranslate.*?\{% endblocktranslate %\}",
        r"<style>.*?</style>",
        r"<!doctype html>",
    ):
        source = re.sub(noise, "", source, flags=re.DOTALL)
    source = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source)
    words = [" ".join(text.split()) for text in re.sub(r"<[^>]*>", "\n", source).splitlines()]
    return [(path.name, text) for text in words if re.search(r"[A-Za-z]{2}", text)]

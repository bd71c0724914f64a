"""What every page owes to everybody: a name, one headline, a way past the navigation, colours one can read."""

import re
from pathlib import Path

import pytest
from django.conf import settings
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
    assert [link["href"] for link in page.all("link")] == ["/static/css/site.css"]


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


def palette(theme):
    """The colours of the stylesheet by name, as they are in the light or the dark."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLESHEET, re.DOTALL)[:2]
    block = light + (dark if theme == "dark" else "")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour):
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """WCAG 2.2, contrast ratio."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_of_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("ink", "sheet"),
        ("ink", "wash"),
        ("ink", "alarm-wash"),
        ("quiet", "paper"),
        ("quiet", "sheet"),
        ("accent", "paper"),
        ("accent", "sheet"),
        ("accent", "wash"),
        ("accent-strong", "paper"),
        ("accent-strong", "wash"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("alarm", "paper"),
        ("alarm", "alarm-wash"),
    ],
)
def test_text_can_be_read(theme, text, ground):
    colours = palette(theme)

    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("edge", "ground"),
    [("edge", "paper"), ("edge", "sheet"), ("accent", "paper"), ("accent", "sheet"), ("alarm", "paper")],
)
def test_edges_and_focus_can_be_seen(theme, edge, ground):
    colours = palette(theme)

    assert contrast(colours[edge], colours[ground]) >= 3


@pytest.mark.parametrize("template", ["mail/base.html", "mail/button.html", "base.html"])
def test_colours_that_must_be_written_elsewhere_are_those_of_the_stylesheet(template):
    source = (ROOT / "templates" / template).read_text(encoding="utf-8")

    written = set(re.findall(r"(?<!&)#[0-9a-f]{6}\b", source))
    assert written
    assert written <= set(palette("light").values()) | set(palette("dark").values())


def test_the_stylesheet_fetches_nothing_from_elsewhere():
    assert "http" not in STYLESHEET.replace('[href^="http"]', "")
    assert "@import" not in STYLESHEET
    assert "url(" not in STYLESHEET


def test_motion_dark_mode_and_paper_are_thought_of():
    assert "prefers-reduced-motion" in STYLESHEET
    assert "prefers-color-scheme: dark" in STYLESHEET
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
        r"\{% block \w+_class %\}.*?\{% endblock %\}",
        r"\{% blocktranslate.*?\{% endblocktranslate %\}",
        r"<style>.*?</style>",
        r"<!doctype html>",
    ):
        source = re.sub(noise, "", source, flags=re.DOTALL)
    source = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source)
    words = [" ".join(text.split()) for text in re.sub(r"<[^>]*>", "\n", source).splitlines()]
    return [(path.name, text) for text in words if re.search(r"[A-Za-z]{2}", text)]

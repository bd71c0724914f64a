"""docs/three-modes.md, executed as it stands: in a new project with nothing else, and by a browser under the site."""

import importlib
import re
import shutil
import sys
import types

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import call_command
from django.template.loader import get_template
from django.urls import path

from apps.tokens import exceptions
from apps.tokens.models import RequestToken
from config.urls import urlpatterns
from tests.factories import UserFactory
from tests.support.browsers import Visitor
from tests.support.emails import link_in_text
from tests.support.project import ROOT
from tests.support.refusals import reason

PAGE = (ROOT / "docs" / "three-modes.md").read_text(encoding="utf-8")
# Each says in its first line which file it belongs to; "continued" and "at the end" append.
BLOCKS = re.findall(
    r"^```(?:python|html)\n(?:#|\{#) (\S+?)(?:, [a-z ]+)?(?: #\})?\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
)
REFUSALS = [leaf for leaf in vars(exceptions).values() if getattr(leaf, "__base__", None) is exceptions.TokenError]


def write_blocks(folder):
    for name, text in BLOCKS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)


@pytest.fixture
def letters(tmp_path, monkeypatch, settings):
    """The app of the page, mounted in this site, with its templates before the site's."""
    write_blocks(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    root = types.ModuleType("urls_of_three_modes")
    root.path, root.urlpatterns = path, [*urlpatterns]
    exec((tmp_path / "mysite" / "urls.py").read_text(encoding="utf-8"), vars(root))
    sys.modules[root.__name__] = root
    settings.ROOT_URLCONF = root.__name__
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path / "letters" / "templates", *engine["DIRS"]]}]
    yield lambda name: importlib.import_module(f"letters.{name}")
    for name in [root.__name__, *(name for name in sys.modules if name.partition(".")[0] == "letters")]:
        del sys.modules[name]


@pytest.fixture
def template(letters, tmp_path):
    """Changes a template of the page, as its reader might."""

    def edit(name, pattern, new):
        path = tmp_path / "letters" / "templates" / "tokens" / name
        text = path.read_text(encoding="utf-8")
        text, count = re.subn(pattern, new, text)
        assert count == 1
        path.write_text(text, encoding="utf-8")

    return edit


@pytest.fixture
def visitor():
    # A page of ten lines has no <main>, which is where a Visitor looks for its forms.
    return BareVisitor()


class BareVisitor(Visitor):
    def press(self, page, **fields):
        page.content = b"<main>" + page.content
        return super().press(page, **fields)


@pytest.fixture
def reader(db):
    return UserFactory(email="reader@example.com")


@pytest.fixture
def weekly(reader):
    weekly = Group.objects.create(name="Weekly")
    reader.groups.add(weekly)
    return weekly


@pytest.fixture
def unsubscribe_link(letters, reader, weekly):
    letters("unsubscribe").send_issue(reader, "News.")
    return link_in_text(mail.outbox[0], "/letters/unsubscribe/")


@pytest.fixture
def sign_in_link(letters, reader):
    letters("sign_in").send_sign_in_link(reader)
    return link_in_text(mail.outbox[0], "/letters/sign-in/")


def test_the_page_alone_makes_an_app_whose_tests_pass_in_a_new_project(tmp_path, run_python):
    call_command("startproject", "mysite", tmp_path)
    ignore = shutil.ignore_patterns("__pycache__")
    (tmp_path / "apps").mkdir()
    shutil.copytree(ROOT / "apps" / "tokens", tmp_path / "apps" / "tokens", ignore=ignore)
    (tmp_path / "letters").mkdir()
    call_command("startapp", "letters", tmp_path / "letters")
    (tmp_path / "letters" / "tests.py").unlink()
    write_blocks(tmp_path)

    check = run_python("manage.py", "check", "--fail-level", "WARNING", cwd=tmp_path)
    tests = run_python("manage.py", "test", "letters", cwd=tmp_path)

    assert check.returncode == 0, check.stderr
    assert tests.returncode == 0, tests.stderr
    assert "Ran 3 tests" in tests.stderr


def test_every_block_of_the_page_says_where_it_belongs():
    assert len(BLOCKS) == len(re.findall(r"^```(?:python|html)$", PAGE, re.MULTILINE))


def test_the_invitation_greets_and_the_page_opens_without_it(letters, db, visitor):
    letters("invitation").send_invitation("Grace", to="friend@example.com")
    link = link_in_text(mail.outbox[0], "/letters/invitation/")

    assert "Grace invites you." in visitor.get(link).text
    assert "Grace invites you." in visitor.get(link).text
    assert "Welcome!" in visitor.get("/letters/invitation/").text


def test_the_unsubscribe_link_asks_first_and_its_button_acts_again_and_again(unsubscribe_link, reader, visitor):
    page = visitor.get(unsubscribe_link)
    assert "This link is for reader@example.com." in page.text
    assert reader.groups.count() == 1

    assert "reader@example.com is unsubscribed." in visitor.press(page).text
    assert reader.groups.count() == 0
    assert visitor.user_id is None
    assert "reader@example.com is unsubscribed." in visitor.press(page).text


def test_the_unsubscribe_link_is_refused_while_somebody_else_is_signed_in(unsubscribe_link, reader, visitor):
    somebody = UserFactory()
    visitor.force_login(somebody)

    assert reason(visitor.get(unsubscribe_link)) == "wrong_user"
    assert visitor.user_id == somebody.pk
    assert reader.groups.count() == 1


def test_the_sign_in_link_asks_first_and_its_button_signs_in_once(sign_in_link, reader, visitor):
    page = visitor.get(sign_in_link)
    assert visitor.user_id is None

    answer = visitor.press(page)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/letters/members/")
    assert "Welcome, reader@example.com." in visitor.get("/letters/members/").text
    again = visitor.get(sign_in_link)
    assert reason(again) == "used_up"
    assert "<h1>This link has already been used</h1>" in again.text
    assert "Was that you? Ask for a new link." in again.text


def test_the_sign_in_link_dies_when_the_password_changes(sign_in_link, reader, visitor):
    reader.set_password("another")
    reader.save()

    assert reason(visitor.get(sign_in_link)) == "user_changed"


def test_the_confirm_page_without_its_csrf_token_acts_for_nobody(unsubscribe_link, reader, visitor, template):
    template("confirm.html", r"\{% csrf_token %\}", "")

    assert reason(visitor.press(visitor.get(unsubscribe_link))) == "csrf"
    assert reader.groups.count() == 1


def test_the_confirm_page_with_an_action_loses_the_token(unsubscribe_link, reader, visitor, template):
    template("confirm.html", '<form method="post">', '<form method="post" action="/letters/unsubscribe/">')

    assert reason(visitor.press(visitor.get(unsubscribe_link))) == "missing"
    assert reader.groups.count() == 1


def test_the_refusal_page_leads_to_the_page_that_opens_without_a_link(letters, db, visitor):
    letters("invitation").send_invitation("Grace", to="friend@example.com")
    RequestToken.objects.get().revoke()

    refused = visitor.get(link_in_text(mail.outbox[0], "/letters/invitation/"))
    assert reason(refused) == "revoked"
    assert "It was withdrawn on " in refused.text
    assert '<a href="/letters/invitation/">' in refused.text


def test_the_refusal_page_does_not_lead_to_a_page_that_needs_a_link(letters, db, visitor):
    refused = visitor.get("/letters/unsubscribe/?rt=forged")

    assert reason(refused) == "invalid"
    assert "<a " not in refused.text


def test_the_page_lists_every_reason_with_its_title():
    listed = re.findall(r"^\| `(\w+)` \| ([A-Z].*) \|$", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted((error.code, str(error.title)) for error in REFUSALS)


@pytest.mark.parametrize("name", ["confirm.html", "403.html"])
def test_a_template_of_the_page_has_at_most_ten_lines(letters, name):
    source = get_template(f"tokens/{name}").template.source

    assert source.startswith("<!doctype html>\n")
    assert len(source.splitlines()) <= 10


@pytest.mark.parametrize(
    "diagram",
    re.findall(r"^```mermaid\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE),
    ids=["NONE", "REQUEST", "SESSION"],
)
def test_a_diagram_of_the_page_speaks_of_whom_it_introduces(diagram):
    introduced = set(re.findall(r"^ +participant (\w+)", diagram, re.MULTILINE))
    spoken_of = set(re.findall(r"^ +(?:Note over )?(\w+)(?:->>\w+)?:", diagram, re.MULTILINE))
    spoken_of |= set(re.findall(r"->>(\w+):", diagram))

    assert diagram.startswith("sequenceDiagram\n")
    assert spoken_of == introduced

"""docs/threat-model.md names code and tests that exist, and its lines for a stricter site do what it says."""

import re

import pytest
from django.test import Client
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from apps.accounts.views import login_link
from apps.tokens.decorators import use_request_token
from config.urls import urlpatterns as site_urls
from tests.support.emails import link_in_text
from tests.support.project import ROOT
from tests.support.refusals import reason

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
[STRICT] = re.findall(r"```python\n(# in your app.*?)```", PAGE, re.DOTALL)
LOGIN_LINK = reverse("accounts:login_link")

names: dict = {}
exec(STRICT, names)  # the lines of the document


@use_request_token(scope="accounts.login", required=True, confirm=names["only_where_asked"])
@require_http_methods(["GET", "POST"])
def strict(request):
    return login_link.__wrapped__(request)


urlpatterns = [path(LOGIN_LINK[1:], strict), *site_urls]


def test_the_lines_for_allauth_are_python_and_listen_to_the_signal_there_is():
    [lines] = re.findall(r"```python\n(from allauth.*?)```", PAGE, re.DOTALL)

    assert compile(lines, "docs/threat-model.md", "exec")
    assert "from apps.accounts.signals import address_proven" in lines


def test_every_test_it_names_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("apps/tokens/tests/**/test_*.py")]
    there = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}

    assert named - there == set()
    assert len(named) > 35


def test_every_file_it_names_exists():
    files = set(re.findall(r"`((?:apps|config|templates)/[\w/.]+)`", PAGE))

    assert [file for file in files if not (ROOT / file).exists()] == []


def test_every_threat_has_a_line_and_a_test():
    rows = re.findall(r"^\| ([A-Z][^|]+) \| ([^|]+) \| ([^|]+) \| `(test_\w+)` \|$", PAGE, re.MULTILINE)

    assert len(rows) == len(re.findall(r"^\| [A-Z]", PAGE, re.MULTILINE)) >= 30


def test_every_line_of_the_checklist_has_a_test_or_a_reason():
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([AFN][^|]*) \| (`test_|Not met: )", PAGE, re.MULTILINE)

    assert [int(number) for number, _, _ in rows] == list(range(1, 57))


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_the_lines_for_a_stricter_site_let_a_bot_find_nothing(client, reader, ask, mailoutbox):
    ask()
    link = link_in_text(mailoutbox[0], LOGIN_LINK)
    bot = Client()

    assert [reason(bot.get(link)), reason(bot.post(link))] == ["elsewhere", "elsewhere"]
    assert client.get(link).status_code == 303
    assert client.session["_auth_user_id"] == str(reader.pk)

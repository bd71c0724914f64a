"""The hostile world, as data: who comes with the link of an email, what they do, and what must be true afterwards."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.test import Client
from django.urls import reverse

from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.browsers import Visitor
from tests.support.emails import link_in_text
from tests.support.parallel import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

LOGIN = reverse("accounts:login")
LOGIN_LINK = reverse("accounts:login_link")
PREFETCH = {"Sec-Purpose": "prefetch"}


@dataclass(frozen=True)
class Scenario:
    name: str
    # (who, what, how often at once): who is a browser; "owner" has asked for the link and reads the email.
    steps: list[tuple[str, str, int]]
    answers: list[dict[int, int]]
    uses: int
    signed_in: list[str] = field(default_factory=list)
    which: str = "newest"


SCENARIOS = [
    Scenario("a scanner looks, then the owner opens",
             [("scanner", "HEAD", 1), ("scanner", "GET", 1), ("owner", "GET", 1)],
             [{204: 1}, {200: 1}, {303: 1}], uses=1, signed_in=["owner"]),
    Scenario("HEAD then GET from one program", [("owner", "HEAD", 1), ("owner", "GET", 1)],
             [{204: 1}, {303: 1}], uses=1, signed_in=["owner"]),
    Scenario("an impatient owner opens it three times",
             [("owner", "GET", 1), ("owner", "GET", 1), ("owner", "POST", 1)],
             [{303: 1}, {303: 1}, {303: 1}], uses=1, signed_in=["owner"]),
    Scenario("two GETs of a scanner at the same moment", [("scanner", "GET", 2), ("owner", "GET", 1)],
             [{200: 2}, {303: 1}], uses=1, signed_in=["owner"]),
    Scenario("a browser prefetches, then the owner opens", [("owner", "prefetch", 3), ("owner", "GET", 1)],
             [{425: 3}, {303: 1}], uses=1, signed_in=["owner"]),
    Scenario("a bot loads the page and posts without its form",
             [("bot", "GET", 1), ("bot", "bare POST", 1), ("owner", "GET", 1)],
             [{200: 1}, {403: 1}, {303: 1}], uses=1, signed_in=["owner"]),
    # Not defended, and said so in docs/threat-model.md: whoever presses the button has the link.
    Scenario("a bot presses every button", [("bot", "press", 1), ("owner", "GET", 1)],
             [{303: 1}, {403: 1}], uses=1, signed_in=["bot"]),
    Scenario("twenty clicks at once", [("crowd", "POST", 20)], [{303: 1, 403: 19}], uses=1),
    Scenario("a forwarded link is opened by a friend and left alone", [("friend", "GET", 1), ("owner", "GET", 1)],
             [{200: 1}, {303: 1}], uses=1, signed_in=["owner"]),
    Scenario("a copied link has a letter missing", [("owner", "cut GET", 1), ("owner", "GET", 1)],
             [{403: 1}, {303: 1}], uses=1, signed_in=["owner"]),
    Scenario("an old email is opened after a newer one", [("owner", "GET newest", 1), ("friend", "GET", 1)],
             [{303: 1}, {403: 1}], uses=0, signed_in=["owner"], which="oldest"),
    Scenario("somebody else is signed in", [("member", "GET", 1), ("member", "press", 1), ("owner", "GET", 1)],
             [{403: 1}, {303: 1}, {303: 1}], uses=1, signed_in=["owner"]),
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_it_ends_as_it_must(scenario, mailoutbox):
    reader, member = UserFactory(email="reader@example.com"), UserFactory(email="member@example.com")
    browsers = {name: Visitor(REMOTE_ADDR="192.0.2.1") for name in ("owner", "scanner", "bot", "friend", "member")}
    browsers["member"].force_login(member)
    emails = 2 if scenario.which == "oldest" else 1
    for _ in range(emails):
        browsers["owner"].press(browsers["owner"].get(LOGIN), email="reader@example.com")
    links = [link_in_text(mail, LOGIN_LINK) for mail in mailoutbox]
    link, token = links[0], RequestToken.objects.order_by("pk")[0]

    answers = [do(browsers, who, what, times, link, links[-1]) for who, what, times in scenario.steps]

    token.refresh_from_db()
    assert answers == [Counter(answer) for answer in scenario.answers]
    assert token.used_to_date == scenario.uses
    assert [name for name, browser in browsers.items() if browser.user_id == reader.pk] == scenario.signed_in


def do(browsers, who, what, times, link, newest):
    """The status codes of so many requests at once."""

    def act(_):
        browser = browsers.get(who) or Client()
        actions = {
            "HEAD": lambda: browser.head(link),
            "GET": lambda: browser.get(link),
            "GET newest": lambda: browser.get(newest),
            "cut GET": lambda: browser.get(link[:-1]),
            "prefetch": lambda: browser.get(link, headers=PREFETCH),
            "POST": lambda: browser.post(link, {"csrfmiddlewaretoken": csrf(browser)}),
            "bare POST": lambda: browser.post(link),
            "press": lambda: browser.press(browser.get(link)),
        }
        return actions[what]().status_code

    return Counter(at_once(act, range(times)))


def csrf(browser):
    cookie = browser.cookies.get("csrftoken")
    return cookie.value if cookie else ""

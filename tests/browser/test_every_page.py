"""Every page that links lead to, for everybody who may see it."""

import re

import pytest

from tests.browser.inspection import find_faults
from tests.browser.person import make_address, sign_up

pytestmark = pytest.mark.browser

# Not pages: what acts as somebody, the feed, and the HTML of an email, where axe cannot run: it has a test of its own.
# And of the admin, which is Django's, the pages of tokens only.
NOT_FOLLOWED = re.compile(r"[?&](rt|token)=|/feed|/html/$|/admin/(?!tokens/requesttoken/($|add/$|explain/$))")

FIND_LINKS = """
() => [...document.querySelectorAll("a[href]")]
  .filter((link) => link.origin === location.origin)
  .map((link) => link.pathname + link.search)
"""


def visit_everything(person):
    """Opens every page it finds, one of each kind, from the front page on."""
    waiting, met = ["/"], set()
    while waiting:
        address = waiting.pop(0)
        kind = re.sub(r"\d{20}-[0-9a-f]{8}", "N", address)
        if kind in met or NOT_FOLLOWED.search(address):
            continue
        met.add(kind)
        person.open(address)
        waiting += person.page.evaluate(FIND_LINKS)
    return met


@pytest.fixture(params=["in a wide window, light", "on a phone, dark"])
def how(request):
    return request.param


def test_every_page_is_in_order_for_a_visitor(come, how):
    pages = visit_everything(come(how))

    assert {"/", "/newsletter/", "/newsletter/subscribe/", "/accounts/login/"} <= pages


def test_every_page_is_in_order_for_a_member(come, how):
    member = come(how)
    sign_up(member, make_address("member"))

    pages = visit_everything(member)

    assert {"/accounts/", "/accounts/stored/", "/accounts/delete/", "/newsletter/invite/"} <= pages


def test_every_page_is_in_order_for_an_editor(come, how, editors_cookies):
    pages = visit_everything(come(how, storage_state=editors_cookies))

    assert {"/newsletter/staff/", "/newsletter/staff/new/"} <= pages


def test_the_html_of_every_email_is_in_order(come, how):
    person = come(how)
    sign_up(person, make_address("member"))
    person.open("/demo/mailbox/")
    emails = person.page.evaluate(FIND_LINKS)
    htmls = [f"{email}html/" for email in emails if re.search(r"/mailbox/\d", email)]

    # On a page without the sandbox, in which no script runs. An email has a look of its own, and no landmarks.
    page = person.page.context.new_page()
    for html in htmls:
        page.set_content(page.request.get(f"{person.site.url}{html}").text())
        person.faults += find_faults(page, set(), leave_out={"landmark-one-main", "region"})

    assert htmls


@pytest.mark.parametrize("address", ["/newsletter/confirm/", "/accounts/signup/?rt=a.b.c"])
def test_a_page_that_refuses_is_in_order(come, how, address):
    person = come(how)

    person.open(address)

    assert person.heading


@pytest.mark.parametrize("address", ["/", "/newsletter/", "/newsletter/subscribe/", "/accounts/login/"])
def test_tab_goes_through_the_whole_page_and_comes_first_to_the_link_past_the_navigation(come, address):
    person = come("by keyboard")
    person.open(address)

    stops = person.walk()

    assert "Skip" in stops[0]
    assert len(stops) > 5

"""Support looks at links in the admin: finds them, has one explained, makes one, revokes it."""

import pytest

pytestmark = pytest.mark.browser

TOKENS = "/admin/tokens/requesttoken/"


@pytest.fixture(params=["in a wide window, light", "on a phone, dark"])
def support(request, come, editors_cookies):
    return come(request.param, storage_state=editors_cookies)


def test_support_finds_the_links_of_a_reader_and_reads_the_history_of_one(support):
    support.open("/admin/")
    support.open(TOKENS)
    support.open(f"{TOKENS}?q=reader@example.com")
    support.follow(support.page.locator("#result_list tbody th a").first)

    assert "History" in support.text


def test_support_has_a_link_explained_step_by_step(support, come):
    reader = come()
    reader.open("/demo/")
    reader.press("Open an unsubscribe link")

    support.open(f"{TOKENS}explain/")
    support.write("Link, token or id", reader.page.url)
    support.press("Explain")

    assert "Step by step" in support.text
    assert "newsletter.unsubscribe" in support.text


def test_support_makes_a_link_that_is_shown_once_and_revokes_it(support, come):
    visitor = come()
    support.open(f"{TOKENS}add/")
    support.write("Address", "/newsletter/subscribe/")
    support.write("Scope", "newsletter.subscribe")
    support.choose("Login mode", "None")
    support.press("Save")
    link = support.page.get_by_label("The new link").input_value()
    visitor.open(link)
    welcome = visitor.heading

    support.follow("newsletter.subscribe")
    support.press("Revoke this token")
    visitor.open(link)

    assert "Subscribe to" in welcome
    assert "revoked" in support.text
    assert "Subscribe to" not in visitor.heading

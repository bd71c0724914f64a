"""The fixtures hold every page to a standard; each kind of fault, sown into a page on its way, is found."""

import pytest

pytestmark = pytest.mark.browser

SOWN = {
    "an inline script": ("<script>1</script>", "Content Security Policy"),
    "an inline style": ('<p style="color: red">Red</p>', "Content Security Policy"),
    "a picture from elsewhere": ('<img src="http://127.0.0.1:9/" alt="">', "asks http://127.0.0.1:9/"),
    "a missing file": ('<img src="/static/nowhere.png" alt="">', "404"),
    "a field without a label": ('<input type="text" name="more">', "label:"),
    "pale text": ('<p><font color="#e0e0e0">Pale</font></p>', "color-contrast:"),
    "text too dark for the dark": ('<p><font color="#222222">Dark</font></p>', "(dark)"),
    "something wide": ('<table width="2000"><tr><td>Wide</td></tr></table>', "sticks out"),
    "a stop that nobody sees": ('<a class="visually-hidden" href="/">Home</a>', "the focus is out of sight"),
}


@pytest.mark.parametrize("fault", SOWN)
def test_a_fault_that_is_sown_into_a_page_is_found(come, fault):
    html, words = SOWN[fault]
    person = come("by keyboard")
    person.seen = set()

    def sow(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{html}</main>"))

    person.page.route("**/newsletter/subscribe/", sow)
    person.open("/newsletter/subscribe/")
    person.walk()
    faults, person.faults = person.faults, []

    assert [found for found in faults if words in found]


def test_the_same_page_as_it_is_has_none(come):
    person = come("by keyboard")
    person.seen = set()

    person.open("/newsletter/subscribe/")
    person.walk()

    assert person.faults == []

"""Where one goes after signing in: a path on this site, whatever the address bar was made to say."""

import pytest
from django.urls import reverse

from tests.support.emails import link_in_text

pytestmark = pytest.mark.django_db

LOGIN_LINK = reverse("accounts:login_link")
SIGNUP_LINK = reverse("accounts:signup")

HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example/",
    "http:///evil.example",
    "//evil.example@latchkey.example/",
    "https://latchkey.example.evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\x00//evil.example",
    "/\x00",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%09/evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "/%00",
    "//[evil",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("path", ["/newsletter/", "/newsletter/?page=2&x=#top", "/a%20b/", "/straße/"])
def test_the_path_is_kept_from_the_form_to_the_end(client, reader, ask, mailoutbox, path):
    ask(next=path)

    answer = client.post(link_in_text(mailoutbox[0], LOGIN_LINK))

    assert answer.status_code == 303
    assert answer.url == path.replace("ß", "%C3%9F")


def test_the_form_carries_the_path_that_a_closed_page_was_asked_for(client):
    page = client.get(client.get(reverse("accounts:profile")).url).content.decode()

    assert '<input type="hidden" name="next" value="/accounts/">' in page


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_ends_on_the_members_page(client, reader, ask, mailoutbox, path):
    ask(next=path)

    answer = client.post(link_in_text(mailoutbox[0], LOGIN_LINK))

    assert answer.url == reverse("accounts:profile")


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_in_a_token_made_by_hand_ends_on_the_members_page(client, reader, make_link, path):
    answer = client.post(make_link(next_path=path.replace("\x00", "\x01")))

    assert answer.url == reverse("accounts:profile")


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_not_even_shown(client, path):
    page = client.get(reverse("accounts:login"), {"next": path}).content.decode()

    assert 'name="next"' not in page


def test_a_new_reader_goes_on_to_the_path(client, ask, mailoutbox):
    ask("newcomer@example.com", next="/newsletter/")

    answer = client.post(link_in_text(mailoutbox[0], SIGNUP_LINK))

    assert answer.url == "/newsletter/"


def test_a_token_in_the_path_is_neither_stored_nor_followed(client, reader, ask, mailoutbox):
    ask(next="/newsletter/?rt=abc&page=2")

    answer = client.post(link_in_text(mailoutbox[0], LOGIN_LINK))

    assert answer.url == "/newsletter/?page=2"

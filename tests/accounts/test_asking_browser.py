"""The browser that asked for a link, and every other one."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tokens.models import RequestToken
from tests.support.browsers import Visitor
from tests.support.emails import html_of, link_in_text, text_of
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

LOGIN_LINK = reverse("accounts:login_link")
SIGNUP_LINK = reverse("accounts:signup")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
COOKIE = "__Host-asked"


@pytest.fixture
def link(reader, ask, mailoutbox):
    """A link that ``client`` has asked for."""
    ask(headers={"user-agent": FIREFOX})
    return link_in_text(mailoutbox[0], LOGIN_LINK)


def who(browser):
    return browser.session.get("_auth_user_id")


def test_where_it_was_asked_for_opening_the_link_signs_in(client, reader, link):
    answer = client.get(link)

    assert (answer.status_code, answer.url) == (303, reverse("accounts:profile"))
    assert "no-store" in answer.headers["Cache-Control"]
    assert who(client) == str(reader.pk)
    assert not client.cookies[COOKIE].value


def test_the_cookie_is_for_this_host_and_no_script(reader, ask):
    cookie = ask().cookies[COOKIE]

    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert (cookie["domain"], cookie["max-age"]) == ("", 3600)


def test_the_secret_of_the_cookie_is_not_stored(reader, ask):
    secret = ask().cookies[COOKIE].value

    assert secret not in RequestToken.objects.get().asked.browser_digest


def test_anywhere_else_it_shows_a_page_that_names_account_browser_and_time(reader, link):
    stranger = Client()

    page = stranger.get(link).content.decode()

    asked_at = RequestToken.objects.get().issued_at
    assert 'for <strong class="address">reader@example.com</strong>' in page
    assert f"Firefox on Linux asked for it at {asked_at:%H:%M} UTC" in page
    assert "That was not you?" in page
    assert who(stranger) is None
    assert RequestToken.objects.get().used_to_date == 0


def test_anywhere_else_the_button_signs_in(reader, link):
    other = Visitor()

    other.press(other.get(link))

    assert other.user_id == reader.pk


def test_a_browser_never_opens_the_link_that_another_one_asked_for(reader, ask, mailoutbox):
    """Threat: a link that somebody else asked for, opened here."""
    mine, other = Client(), Client()
    ask(browser=mine)
    ask(browser=other)

    answer = mine.get(link_in_text(mailoutbox[1], LOGIN_LINK))

    assert answer.status_code == 200
    assert who(mine) is None


def test_asking_once_more_leaves_the_first_link_a_page_with_a_button(client, reader, link, ask):
    ask()

    assert client.get(link).status_code == 200
    assert who(client) is None


@pytest.mark.parametrize("value", ["", "x", "\xe9", "a" * 5000])
def test_a_cookie_of_somebody_s_own_making_opens_nothing(reader, link, value):
    stranger = Client()
    stranger.cookies[COOKIE] = value

    assert stranger.get(link).status_code == 200
    assert who(stranger) is None


@pytest.mark.parametrize("headers", [{"sec-purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}])
def test_a_browser_that_only_prepares_the_page_signs_nobody_in(client, reader, link, headers):
    answer = client.get(link, headers=headers)

    assert answer.status_code == 425
    assert who(client) is None
    assert RequestToken.objects.get().used_to_date == 0


def test_a_head_request_signs_nobody_in(client, reader, link):
    assert client.head(link).status_code == 204
    assert RequestToken.objects.get().used_to_date == 0


def test_a_sign_up_link_takes_a_press_in_the_browser_that_asked_too(client, signup_link):
    assert client.get(signup_link).status_code == 200
    assert not User.objects.exists()


@pytest.mark.parametrize("part", [text_of, html_of])
@pytest.mark.parametrize("address", ["reader@example.com", "newcomer@example.com"])
def test_the_email_names_the_browser_and_the_time(reader, ask, mailoutbox, address, part):
    ask(address, headers={"user-agent": FIREFOX})

    issued_at = RequestToken.objects.get().issued_at
    words = part(mailoutbox[0])
    assert "Firefox on Linux" in words
    assert f"{issued_at:%H:%M} UTC" in words


@pytest.mark.parametrize("agent", ["Call 555-1234, your account is in danger", "<b>x</b>", "\x00", "", "a" * 9000])
def test_no_words_of_a_stranger_reach_the_email(reader, ask, mailoutbox, agent):
    """Threat: a stranger's words in our email."""
    ask(headers={"user-agent": agent})

    assert "An unknown browser" in mailoutbox[0].body
    assert "555-1234" not in mailoutbox[0].message().as_string()


def test_a_link_pressed_again_by_its_own_person_goes_on(client, reader, ask, mailoutbox):
    ask(next="/newsletter/")
    link = link_in_text(mailoutbox[0], LOGIN_LINK)
    client.get(link)

    answer = client.get(link)

    assert (answer.status_code, answer.url) == (303, "/newsletter/")
    assert "You are signed in already" in client.get(answer.url).content.decode()


def test_a_sign_up_link_pressed_again_by_its_own_person_goes_on(client, signup_link):
    client.post(signup_link)

    assert client.get(signup_link).url == reverse("accounts:profile")


@pytest.mark.parametrize("email", [None, "member@example.com"])
def test_a_used_link_leads_nobody_else_on(client, reader, link, email):
    client.get(link)
    other = Client()
    if email:
        other.force_login(User.objects.create_user(email))

    assert reason(other.get(link)) == "used_up"

"""In by a link or its code, here or elsewhere, and out again."""

import re

import pytest

from tests.browser.person import ask_for_link, make_address, sign_in, sign_up

pytestmark = pytest.mark.browser


def test_somebody_new_signs_up_and_signs_out(person):
    address = make_address("new")

    sign_up(person, address)
    welcome = person.text
    person.press("^Sign out$")

    assert "Welcome. Your account is ready." in welcome
    assert address in welcome
    assert "You are signed out." in person.text


def test_a_link_signs_in_at_once_in_the_browser_that_asked(person):
    address = make_address("member")
    sign_up(person, address)
    person.press("^Sign out$")

    sign_in(person, address)

    assert address in person.text
    assert person.page.url.endswith("/accounts/")


def test_a_link_that_is_opened_elsewhere_asks_first_and_its_owner_can_throw_everybody_out(come, person):
    address, elsewhere = make_address("member"), come()
    sign_up(person, address)
    person.press("^Sign out$")
    ask_for_link(person, address)
    person.open_email(address)

    elsewhere.open(person.find_link("/accounts/login/link/"))
    asking = elsewhere.text
    elsewhere.press("Sign me in")
    signed_in = elsewhere.text
    person.follow_link_in_email(address, to="/accounts/not-me/")
    person.press("Sign everybody out")
    elsewhere.open("/accounts/")

    assert address in asking
    assert "asked for it" in asking
    assert address in signed_in
    assert person.heading == "Everybody is signed out"
    assert elsewhere.heading == "Sign in"


def test_the_code_of_an_email_is_typed_where_it_was_asked_for(person):
    address = make_address("coder")
    ask_for_link(person, address)
    waiting_page = person.page.url
    person.open_email(address)
    code = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", person.text)[0]

    person.open(waiting_page)
    person.write("Code", "BBBB-BBBB")
    person.press("Sign in")
    refused = person.text
    person.write("Code", code)
    person.press("Sign in")

    assert "That is not the code." in refused
    assert address in person.text


def test_a_used_link_offers_another_in_one_press(come, person):
    address, elsewhere = make_address("late"), come()
    sign_up(elsewhere, address)

    person.open("/demo/mailbox/")
    person.follow_link_in_email(address, to="/accounts/signup/")
    refused = person.heading
    person.press("link")

    assert "used" in refused
    assert person.heading == "Check your email"


def test_the_sign_in_form_without_an_address_says_what_is_missing(person):
    person.open("/accounts/login/")
    person.press("Send me a link")

    assert "Enter your email address." in person.text
    assert person.page.title().startswith("Error:")


def test_a_forged_link_gets_a_clear_answer(person):
    person.open("/accounts/login/link/?rt=aaa.bbb.ccc")

    assert "link" in person.heading

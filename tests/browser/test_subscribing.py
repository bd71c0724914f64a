"""From a member's invitation to a subscription, out of it and back."""

import pytest

from tests.browser.person import make_address, sign_in

pytestmark = pytest.mark.browser


def subscribe(person, address):
    person.open("/newsletter/subscribe/")
    person.write("Email address", address)
    person.press("Subscribe")
    person.follow_link_in_email(address, to="/newsletter/confirm/")
    person.press("Subscribe")


def test_an_invited_reader_subscribes_by_the_link_in_the_email(person):
    address = make_address()

    person.open("/")
    person.follow("try every link")
    person.press("Open Member's invitation")
    greeting = person.heading
    person.write("Email address", address)
    person.press("Subscribe")
    waiting = person.heading
    person.follow("mailbox")
    person.follow_link_in_email(address)
    asking = person.heading
    person.press("Subscribe")

    assert greeting.startswith("Member invites you")
    assert [waiting, asking] == ["Check your email", "Confirm your subscription"]
    assert person.heading == "You are subscribed"


def test_a_reader_unsubscribes_undoes_it_leaves_for_good_and_comes_back(person):
    address = make_address()
    subscribe(person, address)
    headings = []

    sign_in(person, address)
    person.follow("Unsubscribe")
    unsubscribe_link = person.page.url
    person.press("Unsubscribe")
    headings.append(person.heading)
    person.press("Undo")
    headings.append(person.heading)
    person.open(unsubscribe_link)
    person.press("Unsubscribe")
    person.follow("Tell us why")
    person.press("Send")
    headings.append(person.heading)
    subscribe(person, address)

    assert headings == ["You are unsubscribed", "You are back", "Thank you"]
    assert person.heading == "Welcome back"


def test_a_confirmation_link_that_is_pressed_again_says_that_all_is_well(person):
    address = make_address()
    subscribe(person, address)

    person.follow_link_in_email(address, to="/newsletter/confirm/")

    assert "already" in person.text


def test_the_button_in_the_html_of_an_email_leads_out_of_its_frame_to_the_site(come):
    person, address = come(), make_address()
    person.open("/newsletter/subscribe/")
    person.write("Email address", address)
    person.press("Subscribe")

    person.open_email(address)
    person.follow_link_in_frame("Subscribe|Confirm")

    assert person.heading == "Confirm your subscription"


def test_a_subscribe_form_without_an_address_says_what_is_missing_beside_the_field(person):
    person.open("/newsletter/subscribe/")
    person.press("Subscribe")

    assert "Enter your email address." in person.text
    assert person.page.title().startswith("Error:")

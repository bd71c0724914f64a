"""What members do with their account: another address, a name, what is stored, the end of it."""

import pytest

from tests.browser.person import make_address, sign_up

pytestmark = pytest.mark.browser


def test_a_member_moves_to_another_address_after_signing_in_afresh(person, site):
    old, new = make_address("old"), make_address("new")
    sign_up(person, old)
    site.let_an_hour_pass()

    person.open("/accounts/")
    person.follow("Change your address")
    asking = person.heading
    person.press("Send me the link")
    person.follow_link_in_email(old, to="/accounts/login/link/")
    person.write("Email address", new)
    person.press("Send the link")
    person.follow_link_in_email(new, to="/accounts/address/confirm/")
    person.press("Change my address")
    changed = person.text
    person.open_email(old)

    assert asking == "Is it still you?"
    assert new in changed
    assert "address" in person.heading


def test_a_member_sets_a_name_reads_what_is_stored_and_deletes_the_account(person):
    address = make_address("leaver")
    sign_up(person, address)

    person.write("Display name", "Somebody")
    person.press("Save the name")
    saved = person.text
    person.follow("What we keep about you")
    stored = person.text
    person.follow("Delete your account")
    person.press("Delete my account")

    assert "Your name is saved." in saved
    assert "Somebody" in stored
    assert "Your account is deleted" in person.text


def test_a_member_signs_out_everywhere_else(person):
    sign_up(person, make_address("member"))

    person.press("Sign out everywhere else")

    assert "Every other browser is signed out." in person.text


def test_a_member_makes_a_link_and_sees_who_came_by_it(person, come):
    guest, address = come(), make_address("friend")
    sign_up(person, make_address("inviter"))

    person.open("/newsletter/invite/")
    person.write("Your name", "Inviter")
    person.press("Get my link")
    guest.open(person.find_link("/newsletter/subscribe/"))
    greeting = guest.heading
    guest.write("Email address", address)
    guest.press("Subscribe")
    guest.follow_link_in_email(address, to="/newsletter/confirm/")
    guest.press("Subscribe")
    person.open("/newsletter/invite/")

    assert greeting.startswith("Inviter invites you")
    assert "From clicks to readers" in person.page.content()

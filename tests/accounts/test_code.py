"""The code in the email, for whoever reads it on another machine than the one that asked."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import code
from apps.accounts.models import SignInRequest, User
from apps.tokens.models import RequestToken, RequestTokenLog
from tests.support.browsers import Visitor
from tests.support.emails import html_of, link_in_text, text_of
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

ENTER = reverse("accounts:enter_code")
SENT = reverse("accounts:login_sent")
LOGIN_LINK = reverse("accounts:login_link")
CODE = re.compile(r"\b([B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4})\b")


@pytest.fixture
def ask_for_code(ask, mailoutbox):
    def ask_for_code(email="reader@example.com", **options):
        ask(email, **options)
        return CODE.search(text_of(mailoutbox.pop()))[1]

    return ask_for_code


def type_in(browser, text):
    return browser.post(ENTER, {"code": text})


def who(browser):
    return browser.session.get("_auth_user_id")


@pytest.mark.parametrize("part", [text_of, html_of])
@pytest.mark.parametrize("email", ["reader@example.com", "newcomer@example.com"])
def test_every_email_has_a_code_in_both_parts(reader, ask, mailoutbox, part, email):
    ask(email)

    assert CODE.search(part(mailoutbox[0]))


def test_from_the_form_by_way_of_the_code_to_the_members_page(visitor, reader, mailoutbox):
    waiting = visitor.get(visitor.press(visitor.get(reverse("accounts:login")), email="reader@example.com").url)

    answer = visitor.press(waiting, code=CODE.search(text_of(mailoutbox[0]))[1])

    assert 'autocomplete="one-time-code"' in waiting.content.decode()
    assert (answer.status_code, answer.url) == (303, reverse("accounts:profile"))
    assert visitor.user_id == reader.pk


def test_a_code_signs_up_too(client, ask_for_code):
    typed = ask_for_code("newcomer@example.com")

    answer = type_in(client, typed)

    assert answer.status_code == 303
    assert who(client) == str(User.objects.get(email="newcomer@example.com").pk)


@pytest.mark.parametrize(
    "typed",
    [str.lower, lambda text: text.replace("-", ""), lambda text: f"  {' '.join(text)} \n", lambda text: text + "."],
    ids=["lower case", "no hyphen", "spaces", "full stop"],
)
def test_case_and_spaces_do_not_matter(client, reader, ask_for_code, typed):
    type_in(client, typed(ask_for_code()))

    assert who(client) == str(reader.pk)


def test_no_letter_of_a_code_can_be_taken_for_another_or_for_a_digit(db):
    assert not set(code.ALPHABET) & set("IOU01AEY")


def test_link_and_code_are_one_use(client, reader, ask, mailoutbox):
    ask()
    type_in(client, CODE.search(text_of(mailoutbox[0]))[1])

    answer = Client().get(link_in_text(mailoutbox[0], LOGIN_LINK))

    assert reason(answer) == "used_up"


def test_after_the_link_the_code_is_used_up_and_offers_another(client, reader, ask, mailoutbox):
    ask()
    Client().post(link_in_text(mailoutbox[0], LOGIN_LINK))

    answer = type_in(client, CODE.search(text_of(mailoutbox[0]))[1])

    assert reason(answer) == "used_up"
    assert "Send me a new link" in answer.content.decode()
    assert who(client) is None


def test_a_code_is_worth_nothing_in_another_browser(reader, ask_for_code):
    """Threat: a code that somebody was talked into reading out."""
    typed, other = ask_for_code(), Client()

    answer = type_in(other, typed)

    assert answer.url == reverse("accounts:login")
    assert who(other) is None


def test_a_code_is_worth_nothing_for_another_request(reader, ask_for_code):
    mine, other = Client(), Client()
    ask_for_code(browser=mine)
    typed = ask_for_code(browser=other)

    type_in(mine, typed)

    assert who(mine) is None


def test_after_five_wrong_codes_the_right_one_is_wrong_too_and_the_link_still_works(client, reader, ask, mailoutbox):
    ask()
    answers = [type_in(client, "BBBB-BBBB").content.decode() for _ in range(5)]

    type_in(client, CODE.search(text_of(mailoutbox[0]))[1])

    assert "4 tries are left" in answers[0]
    assert "1 try is left" in answers[3]
    assert "That was the last try" in answers[4]
    assert who(client) is None
    client.get(link_in_text(mailoutbox[0], LOGIN_LINK))
    assert who(client) == str(reader.pk)


def test_a_wrong_code_is_an_error_beside_the_field(client, reader, ask_for_code):
    ask_for_code()

    page = type_in(client, "wrong").content.decode()

    assert 'aria-describedby="id_code_error"' in page
    assert 'role="alert"' in page
    assert "<title>Error:" in page


@pytest.mark.parametrize("text", ["", "\x00", "ſ" * 8, "a" * 100_000, "é", "1"])
def test_any_text_can_be_typed(client, reader, ask_for_code, text):
    ask_for_code()

    assert type_in(client, text).status_code == 200


def test_the_code_is_not_stored(reader, ask_for_code):
    typed = ask_for_code()

    row = str(list(SignInRequest.objects.values())) + str(list(RequestToken.objects.values()))
    assert typed not in row
    assert typed.replace("-", "") not in row


def test_a_code_outlives_the_key_it_was_made_with(client, reader, ask_for_code, settings):
    typed = ask_for_code()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" + "x" * 50

    type_in(client, typed)

    assert who(client) == str(reader.pk)


def test_without_its_csrf_token_the_field_does_nothing(reader):
    assert reason(Visitor().post(ENTER, {"code": "BBBB-BBBB"})) == "csrf"


def test_an_expired_code_says_so_and_offers_another(client, reader, ask_for_code):
    typed = ask_for_code()
    RequestToken.objects.update(expiration_time="2020-01-01T00:00:00Z")

    assert reason(type_in(client, typed)) == "expired"


def test_a_code_is_on_record_like_a_link(client, reader, ask_for_code):
    type_in(client, ask_for_code())

    assert RequestTokenLog.objects.get().reason == "admitted"


def test_the_code_of_a_request_that_sent_nothing_is_nobodys(client, reader, ask_for_code):
    """Threat: guesses for a mailbox that has had enough."""
    typed = ask_for_code()
    SignInRequest.objects.update(is_silent=True)

    answer = type_in(client, typed)

    assert "4 tries are left" in answer.content.decode()
    assert who(client) is None

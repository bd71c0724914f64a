import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.emails import html_of, link_in_text, text_of

pytestmark = pytest.mark.django_db

LOGIN = reverse("accounts:login")
SENT = reverse("accounts:login_sent")
LOGIN_LINK = reverse("accounts:login_link")
SIGNUP_LINK = reverse("accounts:signup")
BAD_ADDRESSES = [
    "",
    " ",
    "reader",
    "reader@",
    "@example.com",
    "reader@example.com, editor@example.com",
    "reader@example.com\r\nBcc: editor@example.com",
    "reader@example.com\nBcc: editor@example.com",
    "reader@example.com%0aBcc:editor@example.com\n",
    "reader\x00@example.com",
    '"a\x0bb"@example.com',
    '"a b"@example.com',
    "<script>alert(1)</script>@example.com",
    "ſam@example.com",
    "réader@example.com",
    "reader@exämple.com",
    "reader@" + "a" * 300 + ".com",
    "a" * 243 + "@example.com",
    "a" * 100_000,
    "\ud800@example.com".encode("utf-8", "surrogatepass"),
]


def test_a_known_address_gets_a_sign_in_link(reader, ask, mailoutbox, link_in):
    answer = ask("reader@example.com")

    assert answer.url == reverse("accounts:login_sent")
    [mail] = mailoutbox
    assert mail.to == ["reader@example.com"]
    assert link_in(mail, LOGIN_LINK)


def test_an_unknown_address_gets_a_sign_up_link(ask, mailoutbox, link_in):
    answer = ask("newcomer@example.com")

    assert answer.url == reverse("accounts:login_sent")
    [mail] = mailoutbox
    assert mail.to == ["newcomer@example.com"]
    assert link_in(mail, SIGNUP_LINK)


def test_asking_makes_no_account(ask):
    ask("newcomer@example.com")

    assert not User.objects.exists()


def test_the_address_is_known_in_any_case_and_the_mail_goes_to_the_one_on_record(reader, ask, mailoutbox):
    ask("  READER@Example.COM ")

    assert mailoutbox[0].to == ["reader@example.com"]
    assert link_in_text(mailoutbox[0], LOGIN_LINK)


def test_a_look_alike_of_an_address_mails_the_one_on_record(ask, mailoutbox):
    kim = UserFactory(email="kim@example.com")

    ask("\N{KELVIN SIGN}im@example.com")

    assert mailoutbox[0].to == [kim.email]


@pytest.mark.parametrize("part", [text_of, html_of])
@pytest.mark.parametrize(("address", "minutes"), [("reader@example.com", 10), ("newcomer@example.com", 60)])
def test_the_mail_says_who_asks_how_long_the_link_works_and_what_to_do_if_one_did_not_ask(
    reader, ask, mailoutbox, part, address, minutes
):
    ask(address)

    words = part(mailoutbox[0])
    assert settings.SITE_NAME in words
    assert f"works once, for {minutes} minutes" in words
    assert "You did not ask for it? Then do nothing" in words


def test_no_holiday_reply_comes_back(reader, ask, mailoutbox):
    ask()

    assert mailoutbox[0].message()["Auto-Submitted"] == "auto-generated"


def test_a_forged_host_header_never_reaches_the_link(reader, ask, mailoutbox, link_in, settings):
    settings.ALLOWED_HOSTS = ["*"]

    ask(headers={"host": "evil.example", "x-forwarded-host": "evil.example"})

    assert link_in(mailoutbox[0], LOGIN_LINK)
    assert "evil" not in mailoutbox[0].message().as_string()


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_a_bad_address_is_shown_again_with_the_error_beside_it_and_no_mail_goes_out(ask, mailoutbox, address):
    answer = ask(address)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'role="alert"' in page
    assert '<a href="#id_email">' in page
    assert 'id="id_email_error"' in page
    assert 'aria-describedby="id_email_error"' in page
    assert 'aria-invalid="true"' in page
    assert f"<title>Error: Sign in - {settings.SITE_NAME}</title>" in page
    assert mailoutbox == []
    assert not RequestToken.objects.exists()


def test_what_was_typed_is_kept_and_harmless(ask):
    page = ask('"><script>alert(1)</script>').content.decode()

    assert "&quot;&gt;&lt;script&gt;" in page
    assert "<script" not in page


def test_a_mailbox_gets_three_emails_and_then_the_same_answer_without_one(reader, ask, mailoutbox):
    answers = [ask(address) for address in ["reader@example.com", "newcomer@example.com"] for _ in range(5)]

    assert {(answer.status_code, answer.url, answer.content) for answer in answers} == {(303, SENT, b"")}
    assert len(mailoutbox) == 6


def test_strangers_cannot_keep_the_owner_out_of_a_browser_of_theirs(reader, client, ask, make_link, mailoutbox):
    """Threat: a stranger who uses up the owner's emails."""
    client.post(make_link())
    client.post(reverse("accounts:logout"))
    for number in range(9):
        ask(browser=Client(REMOTE_ADDR=f"192.0.2.{number}"))
    mailoutbox.clear()

    ask()

    assert len(mailoutbox) == 1


def test_a_client_asks_twenty_times_an_hour_and_another_is_not_held_up(ask, client):
    for number in range(20):
        ask(f"reader{number}@example.com")

    assert ask("one-more@example.com").status_code == 429
    assert client.get(LOGIN).status_code == 200
    assert client.post(LOGIN, {"email": "one-more@example.com"}, REMOTE_ADDR="192.0.2.7").status_code == 303


def test_the_page_after_says_how_long_the_link_works_and_what_to_do_when_nothing_comes(client):
    page = client.get(reverse("accounts:login_sent")).content.decode()

    assert "within 10 minutes" in page
    assert "Nothing there?" in page


def test_somebody_signed_in_is_told_who_and_may_sign_out(client, reader):
    client.force_login(reader)

    page = client.get(LOGIN).content.decode()

    assert 'You are signed in as <strong class="address">reader@example.com</strong>' in page
    assert f'action="{reverse("accounts:logout")}"' in page


def test_no_cache_keeps_the_form_or_who_is_signed_in(client, reader):
    form = client.get(LOGIN)
    client.force_login(reader)
    already_signed_in = client.get(LOGIN)

    assert "no-store" in form.headers.get("Cache-Control", "")
    assert "no-store" in already_signed_in.headers.get("Cache-Control", "")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)(LOGIN).status_code == 405

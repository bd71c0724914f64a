import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.newsletter import referrals
from apps.newsletter.models import Invitation, Subscription
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.emails import link_in_html, link_in_text
from tests.support.refusals import reason

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commit_at_once")]

SUBSCRIBE = reverse("newsletter:subscribe")
CONFIRM = reverse("newsletter:confirm")


@pytest.fixture
def member():
    return UserFactory(email="member@example.com")


@pytest.fixture
def affiliate_path(member):
    return referrals.invite(member, name="Member").tokenise(SUBSCRIBE)


def ask(client, email="newcomer@example.com", path=SUBSCRIBE):
    return client.post(path, {"email": email})


def test_the_page_greets_by_the_name_of_who_invited(client, affiliate_path):
    page = client.get(affiliate_path)

    assert page.status_code == 200
    assert f"Member invites you to read {settings.SITE_NAME}" in page.content.decode()


def test_without_an_invitation_the_same_page_greets_nobody(client):
    page = client.get(SUBSCRIBE)

    assert page.status_code == 200
    assert "invites you" not in page.content.decode()


def test_the_address_that_was_typed_gets_one_link_in_both_parts_of_one_mail(visitor, mailoutbox):
    answer = visitor.press(visitor.get(SUBSCRIBE), email="newcomer@example.com")

    assert answer.url == reverse("newsletter:subscribe_done")
    [mail] = mailoutbox
    assert mail.to == ["newcomer@example.com"]
    assert link_in_text(mail, CONFIRM) == link_in_html(mail, CONFIRM)


def test_nothing_but_a_token_is_stored_by_asking(client):
    ask(client, "Newcomer@Example.com")

    assert not Subscription.objects.exists()
    assert RequestToken.objects.get().data == {"email": "newcomer@example.com"}


def test_a_reader_and_a_stranger_get_the_same_answer_for_the_same_work(client, subscription, mailoutbox):
    with CaptureQueriesContext(connection) as queries_for_stranger:
        stranger = ask(client, "newcomer@example.com")
    with CaptureQueriesContext(connection) as queries_for_reader:
        reader = ask(client, subscription.user.email)

    assert (reader.status_code, reader.url) == (stranger.status_code, stranger.url)
    assert len(queries_for_reader) == len(queries_for_stranger)
    assert len(mailoutbox) == 2


def test_the_invitation_survives_the_form_without_a_cookie(client, affiliate_path, member):
    ask(client, path=affiliate_path)

    token = RequestToken.objects.get(scope="newsletter.confirm")
    assert token.data == {"email": "newcomer@example.com", "referrer": str(member.pk)}
    assert "sessionid" not in client.cookies


def test_a_sent_form_is_not_a_second_visit(client, affiliate_path, member):
    client.get(affiliate_path)

    ask(client, path=affiliate_path)

    invitation = Invitation.objects.get(member=member)
    assert (invitation.token.used_to_date, invitation.signups) == (1, 1)


def test_an_invalid_form_is_shown_again_and_gives_the_use_back(client, affiliate_path, member):
    page = ask(client, "no address", path=affiliate_path)

    assert page.status_code == 200
    assert "Enter a whole email address" in page.content.decode()
    assert Invitation.objects.get(member=member).token.used_to_date == 0


@pytest.mark.parametrize("method", ["head", "options"])
def test_a_machine_that_only_looks_is_no_visit(client, affiliate_path, member, method):
    getattr(client, method)(affiliate_path)

    assert Invitation.objects.get(member=member).token.used_to_date == 0


@pytest.mark.parametrize(
    "address",
    ["", "newcomer", "a@b@example.com", "a@example.com\r\nBcc: b@example.com", "ä@example.com", "ſam@example.com"]
    + ["a\0@example.com", "a" * 100_000 + "@example.com", "a@example.com, b@example.com", "<script>@example.com"],
)
def test_what_is_no_address_is_refused_beside_the_field(client, mailoutbox, address):
    page = ask(client, address)

    assert page.status_code == 200
    assert 'class="field-error"' in page.content.decode()
    assert mailoutbox == []


def test_the_form_of_another_site_is_refused(visitor, mailoutbox):
    answer = ask(visitor)

    assert reason(answer) == "csrf"
    assert mailoutbox == []


def test_an_invitation_that_was_revoked_offers_the_page_without_it(client, affiliate_path, member):
    Invitation.objects.get(member=member).token.revoke()

    page = client.get(affiliate_path)

    assert reason(page) == "revoked"
    assert f'href="{SUBSCRIBE}"' in page.content.decode()


@pytest.mark.parametrize("payload", [{}, [], "x", 7, {"name": ["Member"]}, {"name": "x" * 5000, "referrer": 1}])
def test_a_payload_that_somebody_edited_breaks_nothing(client, affiliate_path, payload):
    RequestToken.objects.update(data=payload)

    page = client.get(affiliate_path)
    answer = ask(client, path=affiliate_path)

    assert page.status_code == 200
    assert answer.status_code == 302


def test_a_name_is_shown_as_text(client, affiliate_path):
    RequestToken.objects.update(data={"name": "<b>Member</b>"})

    page = client.get(affiliate_path)

    assert "<b>Member" not in page.content.decode()


def test_one_mailbox_gets_three_emails_and_then_the_same_answer_without_one(client, mailoutbox):
    for _ in range(3):
        first = ask(client)

    answer = ask(client, "NEWCOMER+tag@example.com")

    assert (answer.status_code, answer.url) == (first.status_code, first.url)
    assert len(mailoutbox) == 3


@pytest.mark.usefixtures("one_moment")
def test_one_client_gets_twenty_mails_an_hour(client, mailoutbox):
    for number in range(20):
        ask(client, f"newcomer{number}@example.com")

    answer = ask(client, "another@example.com")
    from_elsewhere = client.post(SUBSCRIBE, {"email": "another@example.com"}, REMOTE_ADDR="192.0.2.7")

    assert answer.status_code == 429
    assert from_elsewhere.status_code == 302

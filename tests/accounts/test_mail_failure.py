"""With transactions that are really committed: the mail waits for the commit."""

import smtplib

import pytest
from django.db import connection
from django.urls import reverse

from apps.tokens.models import RequestToken
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

SEND = "django.core.mail.backends.locmem.EmailBackend.send_messages"
LOGIN = reverse("accounts:login")


def fail_with(monkeypatch, make_error):
    def send_messages(self, messages):
        raise make_error(messages[0])

    monkeypatch.setattr(SEND, send_messages)


def test_the_mail_goes_out_when_its_token_is_stored_for_good(client, monkeypatch):
    in_transaction = []
    monkeypatch.setattr(SEND, lambda self, messages: in_transaction.append(connection.in_atomic_block))

    client.post(LOGIN, {"email": "newcomer@example.com"})

    assert in_transaction == [False]


def test_a_mail_server_that_is_away_is_a_page_also_when_requests_are_atomic(client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    fail_with(monkeypatch, lambda mail: smtplib.SMTPServerDisconnected("gone"))

    assert client.post(LOGIN, {"email": "newcomer@example.com"}).status_code == 503


@pytest.mark.parametrize("address", ["reader@example.com", "newcomer@example.com"])
@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPRecipientsRefused({}),
        ConnectionRefusedError("refused"),
        TimeoutError("slow"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mail_server_that_is_away_is_a_page_with_the_address_kept(client, monkeypatch, address, error):
    UserFactory(email="reader@example.com")
    fail_with(monkeypatch, lambda mail: error)

    answer = client.post(LOGIN, {"email": address, "next": "/newsletter/"})

    page = answer.content.decode()
    assert answer.status_code == 503
    assert "We could not send the email" in page
    assert f'value="{address}"' in page
    assert 'value="/newsletter/"' in page


def test_the_page_is_the_same_for_known_and_unknown_addresses(client, monkeypatch):
    UserFactory(email="reader@example.com")
    fail_with(monkeypatch, lambda mail: smtplib.SMTPServerDisconnected("gone"))

    known = client.post(LOGIN, {"email": "reader@example.com"}).content.decode()
    unknown = client.post(LOGIN, {"email": "newcomer@example.com"}).content.decode()

    assert without_csrf(known).replace("reader@", "newcomer@") == without_csrf(unknown).replace("reader@", "newcomer@")


def test_an_email_that_was_not_sent_puts_neither_address_nor_link_into_the_log(client, monkeypatch, caplog):
    fail_with(monkeypatch, lambda mail: smtplib.SMTPDataError(550, mail.body.encode()))

    client.post(LOGIN, {"email": "newcomer@example.com"})

    assert "email not sent error=SMTPDataError" in caplog.text
    assert "newcomer" not in caplog.text
    assert RequestToken.objects.get().jwt() not in caplog.text


def without_csrf(page):
    start = page.index('name="csrfmiddlewaretoken"')
    return page[:start] + page[page.index(">", start) :]

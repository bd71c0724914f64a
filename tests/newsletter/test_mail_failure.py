"""With transactions that are really committed: the mail waits for the commit."""

import smtplib

import pytest
from django.db import connection
from django.urls import reverse

from apps.newsletter import services
from apps.tokens.models import RequestToken

pytestmark = pytest.mark.django_db(transaction=True)

SEND = "django.core.mail.backends.locmem.EmailBackend.send_messages"


def test_the_mail_goes_out_when_its_token_is_stored_for_good(monkeypatch):
    in_transaction = []
    monkeypatch.setattr(SEND, lambda self, messages: in_transaction.append(connection.in_atomic_block))

    services.request_confirmation("newcomer@example.com")

    assert in_transaction == [False]


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected("gone"), ConnectionRefusedError("refused")])
def test_a_mail_server_that_is_away_is_a_page_with_the_address_kept(client, monkeypatch, error):
    monkeypatch.setattr(SEND, lambda self, messages: raise_(error))

    page = client.post(reverse("newsletter:subscribe"), {"email": "newcomer@example.com"})

    assert page.status_code == 503
    assert 'value="newcomer@example.com"' in page.content.decode()
    assert "try again in a few minutes" in page.content.decode()


def test_a_mail_server_that_is_away_puts_neither_address_nor_link_into_the_log(client, monkeypatch, caplog):
    monkeypatch.setattr(SEND, lambda self, messages: raise_(smtplib.SMTPDataError(550, messages[0].body)))

    client.post(reverse("newsletter:subscribe"), {"email": "newcomer@example.com"})

    assert "email not sent error=SMTPDataError" in caplog.text
    assert "newcomer" not in caplog.text
    assert RequestToken.objects.get().jwt() not in caplog.text


def raise_(error):
    raise error

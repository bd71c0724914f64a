import smtplib
import traceback

import pytest

from apps.site.emails import MailNotSentError, deliver
from apps.tokens.mail import LinkEmail

LINK = "https://latchkey.example/newsletter/unsubscribe/?rt=" + "x" * 221


def message():
    return LinkEmail("A link", f"Please follow {LINK}", to=["reader@example.com"])


def test_an_email_is_delivered_through_the_backend_of_the_settings(mailoutbox):
    deliver(message())

    assert [sent.to for sent in mailoutbox] == [["reader@example.com"]]


@pytest.mark.parametrize(
    "error", [smtplib.SMTPDataError(550, LINK.encode()), smtplib.SMTPServerDisconnected(LINK), ConnectionRefusedError()]
)
def test_an_email_that_is_not_accepted_is_one_error_and_no_link_in_the_log(monkeypatch, caplog, error):
    def refuse(self, messages):
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)

    with pytest.raises(MailNotSentError) as caught:
        deliver(message())

    assert f"email not sent error={type(error).__name__}" in caplog.text
    assert LINK not in caplog.text + "".join(traceback.format_exception(caught.value))

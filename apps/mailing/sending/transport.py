"""The connection to the mail server, and what its answers mean for a delivery."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.errors import MessageError
from enum import Enum, auto
from smtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from typing import Any

from django.core import mail

from apps.tokens.mail import LinkEmail

CLOSING = 421

# Visitors are answered after the ten seconds of EMAIL_URL; a worker has time. An email that a busy server takes after
# that would be in doubt, or go out again. Less than what is left of a lease when an email is begun (models/ledger.py).
WORKER_TIMEOUT_SECONDS = 35


class Verdict(Enum):
    ACCEPTED = auto()
    REFUSED = auto()
    """This email, for good."""
    LATER = auto()
    """This email, for now."""
    IN_DOUBT = auto()
    """The connection broke while the email was handed over."""
    TROUBLE = auto()
    """The server, for now; it did not take the email."""
    BARRED = auto()
    """The server wants nothing from us: sign-in or sender refused."""


@dataclass(frozen=True)
class Answer:
    verdict: Verdict
    code: str = ""
    """Safe for logs: the words of a server may quote the address."""


class Transport:
    """One open connection of the default mail backend; opened when needed, and anew after trouble."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._in_data = False

    def send(self, message: LinkEmail) -> Answer:
        if self._backend is None:
            try:
                self._open()
            except (SMTPException, OSError) as error:
                self.close()
                return _server_answer(error)
        # A backend that does not show its SMTP connection may have handed the email over whenever it breaks.
        self._in_data = not self._is_watched
        try:
            accepted = self._backend.send_messages([message])
        except SMTPRecipientsRefused as error:
            return self._closing_or(_recipient_answer(error))
        except SMTPDataError as error:
            self._reset()
            return self._closing_or(_mail_answer(error.smtp_code, error.smtp_error))
        except (SMTPNotSupportedError, MessageError, ValueError) as error:
            return Answer(Verdict.REFUSED, type(error).__name__)
        except SMTPResponseException as error:
            self.close()
            return _server_answer(error)
        except (SMTPException, OSError) as error:
            self.close()
            verdict = Verdict.IN_DOUBT if self._in_data else Verdict.TROUBLE
            return Answer(verdict, type(error).__name__)
        return Answer(Verdict.ACCEPTED) if accepted else Answer(Verdict.REFUSED, "not accepted")

    def close(self) -> None:
        """Hang up, with or without the server."""
        backend, self._backend = self._backend, None
        try:
            if backend is not None:
                backend.close()
        except (SMTPException, OSError):
            pass

    def _open(self) -> None:
        # By its new name where Django has one, else by the one it replaces.
        self._backend = mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()
        self._backend.open()
        smtp = getattr(self._backend, "connection", None)
        self._is_watched = isinstance(smtp, SMTP)
        if isinstance(smtp, SMTP):
            if smtp.sock is not None:
                smtp.sock.settimeout(WORKER_TIMEOUT_SECONDS)
            smtp.data = self._watch(smtp.data)  # type: ignore[method-assign]

    def _watch(self, data: Callable[..., Any]) -> Callable[..., Any]:
        # From here on the server may have the whole email, whatever we hear. Before, it has none of it.
        def watched(message: Any) -> Any:
            self._in_data = True
            return data(message)

        return watched

    def _reset(self) -> None:
        # After an answer to DATA itself smtplib leaves the transaction open, and the next email would be refused.
        try:
            self._backend.connection.rset()
        except (AttributeError, SMTPException, OSError):
            self.close()

    def _closing_or(self, answer: Answer) -> Answer:
        if not answer.code.startswith(str(CLOSING)):
            return answer
        self.close()
        return Answer(Verdict.TROUBLE, answer.code)


def _recipient_answer(error: SMTPRecipientsRefused) -> Answer:
    for code, words in error.recipients.values():
        return _mail_answer(code, words)
    return Answer(Verdict.REFUSED, type(error).__name__)


def _mail_answer(code: int, words: bytes | str) -> Answer:
    return Answer(Verdict.LATER if 400 <= code < 500 else Verdict.REFUSED, _code(code, words))


def _server_answer(error: Exception) -> Answer:
    if not isinstance(error, SMTPResponseException):
        return Answer(Verdict.TROUBLE, type(error).__name__)
    barred = isinstance(error, SMTPAuthenticationError | SMTPSenderRefused) and error.smtp_code >= 500
    return Answer(Verdict.BARRED if barred else Verdict.TROUBLE, _code(error.smtp_code, error.smtp_error))


def _code(code: int, words: bytes | str) -> str:
    """Such as 550 5.1.1: the reply code and, if there is one, the enhanced status code of RFC 3463."""
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else str(words)
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
    return f"{code} {enhanced[0]}" if enhanced else str(code)

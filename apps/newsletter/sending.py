"""Sends an issue to its readers, one after the other."""

import logging
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any

from django.core import mail
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from apps.newsletter import emails, services
from apps.newsletter.models import Issue, Subscription

logger = logging.getLogger(__name__)


class SendingError(Exception):
    """The issue cannot be sent, or not to the end; the message says what to do."""


def send_issue(issue: Issue) -> int:
    """
    Publishes the issue and mails it to every active reader over one connection; how many were accepted.

    A refused address is logged and passed over. When the mail server goes away the issue is
    paused and ``SendingError`` raised: it cannot go on from there without mailing some readers twice.
    """
    _claim(issue)
    accepted = 0
    readers = Subscription.objects.active().select_related("user", "unsubscribe_token")
    try:
        with open_connection() as connection:
            for subscription in readers.iterator():
                accepted += _send_one(connection, issue, subscription)
    except (SMTPException, OSError) as error:
        _finish(issue, Issue.Status.PAUSED)
        raise SendingError(
            f"{issue.slug} is paused after {accepted} mails: the mail server did not answer ({error}). Check EMAIL_URL."
        ) from error
    _finish(issue, Issue.Status.SENT)
    return accepted


def open_connection() -> Any:
    """The default mail backend: by its new name where Django has one, else by the one it replaces."""
    return mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()


def _claim(issue: Issue) -> None:
    now = Value(timezone.now(), output_field=DateTimeField())
    waiting = Issue.objects.filter(pk=issue.pk, status__in=[Issue.Status.DRAFT, Issue.Status.SCHEDULED])
    # One UPDATE: of two senders at once only the first finds the issue waiting.
    claimed = waiting.update(
        status=Issue.Status.SENDING,
        # From the first mail on, its link to the page must work.
        published_at=Coalesce(Least("published_at", now), now),
    )
    issue.refresh_from_db()
    if not claimed:
        raise SendingError(f"{issue.slug} is not waiting to be sent; it is “{issue.get_status_display()}”.")


def _send_one(connection: Any, issue: Issue, subscription: Subscription) -> int:
    token = services.ensure_unsubscribe_token(subscription)
    message = emails.issue(issue, subscription, token)
    try:
        return connection.send_messages([message]) or 0
    except (SMTPRecipientsRefused, SMTPDataError, ValueError) as error:
        reason = type(error).__name__
        logger.warning("mail refused issue=%s subscription=%s error=%s", issue.pk, subscription.pk, reason)
        return 0


def _finish(issue: Issue, status: Issue.Status) -> None:
    Issue.objects.filter(pk=issue.pk, status=Issue.Status.SENDING).update(status=status)
    issue.refresh_from_db()

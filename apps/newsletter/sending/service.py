from collections.abc import Callable

from django.db import transaction

from apps.newsletter.models import Delivery, Issue
from apps.newsletter.models.ledger import DeliveryQuerySet
from apps.newsletter.sending.links import mint_missing_links
from apps.newsletter.sending.worker import Worker


class SendingError(Exception):
    """The issue cannot be sent, or not to the end; the message says what to do."""


def send_issue(
    issue: Issue, *, stop: Callable[[], bool] = lambda: False, report: Callable[[], None] = lambda: None
) -> int:
    """
    Publishes the issue and mails it to every active reader; how many mails were accepted here.

    Returns when the issue is sent or ``stop`` says so, which is asked between two mails. One that was begun already
    goes on where it stands, beside whoever else is sending it.
    """
    start(issue)
    if issue.status != Issue.Status.SENDING:
        raise SendingError(_describe(issue))
    accepted = Worker(issue, stop=stop, report=report).run()
    issue.refresh_from_db()
    if issue.status == Issue.Status.CANCELLED:
        # Those this worker had claimed when it was cancelled.
        issue.deliveries.skip_waiting("cancelled")
    if issue.status == Issue.Status.PAUSED:
        raise SendingError(f"{_describe(issue)} {accepted} mails went out before.")
    return accepted


def start(issue: Issue) -> bool:
    """Begins the sending of a draft or a scheduled issue; who reads now is who gets it. False: it is under way."""
    if issue.status in (Issue.Status.DRAFT, Issue.Status.SCHEDULED):
        mint_missing_links()
    with transaction.atomic():
        started = Issue.objects.filter(pk=issue.pk).start()
        if started:
            Delivery.objects.freeze(issue)
            Issue.objects.filter(pk=issue.pk).update(recipient_count=issue.deliveries.count())
    issue.refresh_from_db()
    return bool(started)


def cancel(issue: Issue) -> bool:
    """Ends the sending for good; nobody who is waiting gets it. False: it was not being sent."""
    with transaction.atomic():
        cancelled = Issue.objects.filter(pk=issue.pk).cancel()
        if cancelled:
            # Rows that are claimed belong to a worker, who may be handing one over at this moment.
            issue.deliveries.skip_waiting("cancelled")
    issue.refresh_from_db()
    return bool(cancelled)


def send_again(deliveries: DeliveryQuerySet) -> int:
    """
    Puts those in doubt among ``deliveries`` back into the queue, and opens an issue again that is sent; how many.

    For whoever has looked into the log of the mail server: a reader who has the mail gets it twice.
    """
    deliveries = deliveries.exclude(issue__status=Issue.Status.CANCELLED)
    with transaction.atomic():
        issues = set(deliveries.filter(status=Delivery.Status.UNKNOWN).values_list("issue", flat=True))
        returned = deliveries.send_again()
        Issue.objects.filter(pk__in=issues).reopen()
    return returned


def _describe(issue: Issue) -> str:
    if issue.status == Issue.Status.PAUSED:
        return f"{issue.slug} is paused: {issue.pause_reason} `manage.py send_issue {issue.slug} --resume` goes on."
    return f"{issue.slug} is not waiting to be sent; it is “{issue.get_status_display()}”."

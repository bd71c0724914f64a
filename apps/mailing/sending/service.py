from collections.abc import Callable

from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from apps.mailing.models import Delivery, Dispatch
from apps.mailing.models.ledger import DeliveryQuerySet
from apps.mailing.sending.links import mint_missing_links
from apps.mailing.sending.worker import Worker
from apps.newsletter.models import Issue


class SendingError(Exception):
    """The issue cannot be sent, or not to the end; the message says what to do."""


def send(
    dispatch: Dispatch, *, stop: Callable[[], bool] = lambda: False, report: Callable[[], None] = lambda: None
) -> int:
    """
    Publishes the issue and sends it to every active reader. Returns the number of emails accepted here.

    Returns when all is sent or ``stop`` says so, which is asked between two emails. A dispatch that was begun already
    goes on where it stands, beside whoever else is sending it.
    """
    start(dispatch)
    if dispatch.status != Dispatch.Status.SENDING:
        raise SendingError(_describe(dispatch))
    accepted = Worker(dispatch, stop=stop, report=report).run()
    dispatch.refresh_from_db()
    if dispatch.status == Dispatch.Status.CANCELLED:
        # Those this worker had claimed when it was cancelled.
        dispatch.deliveries.skip_waiting("cancelled")
    if dispatch.status == Dispatch.Status.PAUSED:
        raise SendingError(f"{_describe(dispatch)} Emails sent before that: {accepted}.")
    return accepted


def start(dispatch: Dispatch) -> bool:
    """
    Begins a scheduled dispatch: the words of this moment go to the readers of this moment. False: it is under way.

    A reader without an unsubscribe link gets one first. After a bulk load of readers that takes half a minute for each
    100,000 of them; subscribing and importing make the link themselves.
    """
    if dispatch.status == Dispatch.Status.SCHEDULED:
        mint_missing_links()
    with transaction.atomic():
        this = Dispatch.objects.filter(pk=dispatch.pk)
        started = this.start()
        if started:
            issue = Issue.objects.get(pk=dispatch.issue_id)
            now = Value(timezone.now(), output_field=models.DateTimeField())
            # From the first email on, its link to the page must work.
            Issue.objects.filter(pk=issue.pk).update(published_at=Coalesce(Least("published_at", now), now))
            Delivery.objects.freeze(dispatch)
            this.update(
                title=issue.title, summary=issue.summary, body=issue.body, recipient_count=dispatch.deliveries.count()
            )
    dispatch.refresh_from_db()
    return bool(started)


def cancel(dispatch: Dispatch) -> bool:
    """Ends the sending for good; the readers who wait are skipped. False: it was not being sent."""
    with transaction.atomic():
        cancelled = Dispatch.objects.filter(pk=dispatch.pk).cancel()
        if cancelled:
            # Rows that are claimed belong to a worker, who may be handing one over at this moment.
            dispatch.deliveries.skip_waiting("cancelled")
    dispatch.refresh_from_db()
    return bool(cancelled)


def send_again(deliveries: DeliveryQuerySet) -> int:
    """
    Puts those in doubt among ``deliveries`` back into the queue, and reopens their dispatch. Returns their number.

    For somebody who has looked into the log of the mail server: a reader who has the email gets it twice.
    """
    deliveries = deliveries.exclude(dispatch__status=Dispatch.Status.CANCELLED)
    with transaction.atomic():
        dispatches = set(deliveries.filter(status=Delivery.Status.UNKNOWN).values_list("dispatch", flat=True))
        returned = deliveries.send_again()
        Dispatch.objects.filter(pk__in=dispatches).reopen()
    return returned


def _describe(dispatch: Dispatch) -> str:
    slug = dispatch.issue.slug
    if dispatch.status == Dispatch.Status.PAUSED:
        return f"{slug} is paused: {dispatch.pause_reason} `manage.py send_issue {slug} --resume` goes on."
    return f"{slug} is not waiting to be sent; it is “{dispatch.get_status_display()}”."

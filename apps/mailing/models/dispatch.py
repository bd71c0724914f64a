from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.mailing.clock import DatabaseNow
from apps.newsletter.models import Issue

FORGOTTEN = timedelta(hours=1)


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    # Each transition is one conditional UPDATE and returns the number of dispatches it found in the right state: of two
    # people who press a button at once, one gets 0.

    def schedule(self, issue: Issue, at: datetime) -> int:
        """
        none, scheduled -> scheduled. `manage.py send_due_issues` starts it at that time.

        A draft is on the site from then on, too.
        """
        # By itself, before the transaction: a constraint decides between two who press at once, and on MariaDB the one
        # who comes second would not see the other's row in a transaction that has begun.
        self.get_or_create(issue=issue, defaults={"scheduled_at": at})
        with transaction.atomic(using=self.db):
            scheduled = self.filter(issue=issue, status=Dispatch.Status.SCHEDULED).update(scheduled_at=at)
            if scheduled:
                is_draft = Q(published_at=None) | Q(published_at__gt=timezone.now())
                Issue.objects.filter(is_draft, pk=issue.pk).update(published_at=at)
        return scheduled

    def unschedule(self) -> int:
        """scheduled -> none. The issue is a draft again, unless it is on the site already."""
        with transaction.atomic(using=self.db):
            waiting = self.filter(status=Dispatch.Status.SCHEDULED)
            issues = list(waiting.select_for_update().values_list("issue", flat=True))
            Issue.objects.filter(pk__in=issues, published_at__gt=timezone.now()).update(published_at=None)
            waiting.filter(issue__in=issues).delete()
        return len(issues)

    def due(self) -> "DispatchQuerySet":
        """Scheduled for a time that has come."""
        return self.filter(status=Dispatch.Status.SCHEDULED, scheduled_at__lte=timezone.now())

    def start(self) -> int:
        """scheduled -> sending. ``sending.start`` does this, publishes, and freezes the words and the readers."""
        return self.filter(status=Dispatch.Status.SCHEDULED).update(
            status=Dispatch.Status.SENDING, started_at=DatabaseNow(), sending_since=DatabaseNow()
        )

    def pause(self, reason: str) -> int:
        """sending -> paused. Every worker stops before its next email."""
        return self.filter(status=Dispatch.Status.SENDING).update(
            status=Dispatch.Status.PAUSED, pause_reason=reason[:200]
        )

    def resume(self) -> int:
        """paused -> sending. Somebody must then run a worker: ``tasks.call_workers`` or `manage.py send_issue`."""
        paused = self.filter(status=Dispatch.Status.PAUSED)
        # Failures before now have been seen by the person who resumes; only new ones pause it again.
        return paused.update(status=Dispatch.Status.SENDING, pause_reason="", sending_since=DatabaseNow())

    def call(self, workers: int) -> int:
        """Notes that so many workers are wanted, and returns how many of them nobody has called yet."""
        # A task that has waited for so long is lost: the queue was emptied, or its worker died on the way here.
        self.filter(called_at__lt=DatabaseNow() - FORGOTTEN).update(calls=0)
        waiting = self.values_list("calls", flat=True).first()
        if waiting is None or waiting >= workers:
            return 0
        # Of two who call at once, one.
        called = self.filter(calls=waiting).update(calls=workers, called_at=DatabaseNow())
        return workers - waiting if called else 0

    def answer_call(self) -> int:
        """A worker has come."""
        return self.filter(calls__gt=0).update(calls=F("calls") - 1)

    def finish(self) -> int:
        """sending -> sent, if no delivery is open."""
        # Any: Delivery, whose module imports this one.
        delivery: Any = self.model._meta.get_field("deliveries").related_model
        is_open = Exists(delivery.objects.open().filter(dispatch=OuterRef("pk")))
        done = self.filter(~is_open, status=Dispatch.Status.SENDING)
        return done.update(status=Dispatch.Status.SENT, finished_at=DatabaseNow())

    def reopen(self) -> int:
        """sent -> sending, for an email that was in doubt."""
        return self.filter(status=Dispatch.Status.SENT).update(
            status=Dispatch.Status.SENDING, finished_at=None, sending_since=DatabaseNow()
        )

    def cancel(self) -> int:
        """sending, paused -> cancelled, for good. ``sending.cancel`` does this and skips the readers who wait."""
        running = self.filter(status__in=[Dispatch.Status.SENDING, Dispatch.Status.PAUSED])
        return running.update(status=Dispatch.Status.CANCELLED, pause_reason="", finished_at=DatabaseNow())


class Dispatch(models.Model):
    """
    One sending of one issue: when, how far, and the words as they were when it began.

    An issue has one at most. A second one would be a second ledger, and nothing would keep a reader of both from
    getting the issue twice.
    """

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        SENT = "sent", _("Sent")
        CANCELLED = "cancelled", _("Cancelled")

    issue = models.OneToOneField(Issue, models.CASCADE, related_name="dispatch", verbose_name=_("issue"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.SCHEDULED)
    scheduled_at = models.DateTimeField(_("scheduled for"), default=timezone.now)
    # Frozen when it starts, so that all readers get the same whatever becomes of the issue.
    title = models.CharField(_("subject"), max_length=200, blank=True)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    body = models.TextField(_("text"), blank=True)
    recipient_count = models.PositiveIntegerField(_("readers when it was started"), default=0)
    pause_reason = models.CharField(_("reason for the pause"), max_length=200, blank=True)
    calls = models.PositiveSmallIntegerField(_("tasks that wait for a worker"), default=0)
    called_at = models.DateTimeField(_("last task enqueued at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    sending_since = models.DateTimeField(_("sending since"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = DispatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispatch")
        verbose_name_plural = _("dispatches")
        ordering = ["-pk"]
        permissions = [("send_issue", _("Can send an issue to its readers"))]
        constraints = [
            models.CheckConstraint(
                name="mailing_dispatch_known_status",
                condition=Q(status__in=["scheduled", "sending", "paused", "sent", "cancelled"]),
            ),
            models.CheckConstraint(
                name="mailing_dispatch_started_has_time",
                condition=Q(status="scheduled") | Q(started_at__isnull=False, sending_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.issue)

    @property
    def is_due(self) -> bool:
        return self.status == self.Status.SCHEDULED and self.scheduled_at <= timezone.now()

    @property
    def has_ended(self) -> bool:
        return self.status in (self.Status.SENT, self.Status.CANCELLED)

    def letter(self) -> Issue:
        """The issue as it goes out, not to be saved: the frozen words at the issue's present address."""
        return Issue(pk=self.issue_id, slug=self.issue.slug, title=self.title, summary=self.summary, body=self.body)

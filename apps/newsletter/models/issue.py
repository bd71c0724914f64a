from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Least
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from apps.newsletter.clock import DatabaseNow


def new_preview_key() -> str:
    return get_random_string(12)


SLUG_LENGTH = 100


class IssueQuerySet(models.QuerySet["Issue"]):
    def published(self) -> "IssueQuerySet":
        """What anybody may read, newest first."""
        issues = self.exclude(status=Issue.Status.DRAFT).filter(published_at__lte=timezone.now())
        return issues.order_by("-published_at", "-pk")

    def editable(self) -> "IssueQuerySet":
        """Whose words may change: while it is sent, all readers are to get the same."""
        return self.exclude(status__in=[Issue.Status.SENDING, Issue.Status.PAUSED])

    # Each transition is one conditional UPDATE and answers how many issues it found in the right state: of two who
    # press a button at once, one gets 0.

    def schedule(self, at: datetime) -> int:
        """draft, scheduled -> scheduled. At that time it is on the site, and `manage.py send_due_issues` sends it."""
        waiting = self.filter(status__in=[Issue.Status.DRAFT, Issue.Status.SCHEDULED])
        return waiting.update(status=Issue.Status.SCHEDULED, published_at=at)

    def unschedule(self) -> int:
        """scheduled -> draft."""
        return self.filter(status=Issue.Status.SCHEDULED).update(status=Issue.Status.DRAFT, published_at=None)

    def due(self) -> "IssueQuerySet":
        """Scheduled for a time that has come."""
        return self.filter(status=Issue.Status.SCHEDULED, published_at__lte=timezone.now())

    def start(self) -> int:
        """draft, scheduled -> sending. ``sending.start`` does this and freezes the readers."""
        now = Value(timezone.now(), output_field=models.DateTimeField())
        waiting = self.filter(status__in=[Issue.Status.DRAFT, Issue.Status.SCHEDULED])
        return waiting.update(
            status=Issue.Status.SENDING,
            # From the first mail on, its link to the page must work.
            published_at=Coalesce(Least("published_at", now), now),
            started_at=DatabaseNow(),
            sending_since=DatabaseNow(),
        )

    def pause(self, reason: str) -> int:
        """sending -> paused. Every worker stops before its next mail."""
        return self.filter(status=Issue.Status.SENDING).update(status=Issue.Status.PAUSED, pause_reason=reason[:200])

    def resume(self) -> int:
        """paused -> sending. Somebody must then run a worker: ``tasks.send_issue`` or `manage.py send_issue`."""
        paused = self.filter(status=Issue.Status.PAUSED)
        # Failures before now have been seen by whoever resumes; only new ones may pause it again.
        return paused.update(status=Issue.Status.SENDING, pause_reason="", sending_since=DatabaseNow())

    def finish(self) -> int:
        """sending -> sent, if no delivery is open."""
        # Any: Delivery, whose module imports this one.
        delivery: Any = self.model._meta.get_field("deliveries").related_model
        done = self.filter(~Exists(delivery.objects.open().filter(issue=OuterRef("pk"))), status=Issue.Status.SENDING)
        return done.update(status=Issue.Status.SENT, finished_at=DatabaseNow())

    def reopen(self) -> int:
        """sent -> sending, for a mail that was in doubt."""
        return self.filter(status=Issue.Status.SENT).update(
            status=Issue.Status.SENDING, finished_at=None, sending_since=DatabaseNow()
        )

    def cancel(self) -> int:
        """sending, paused -> cancelled, for good. ``sending.cancel`` does this and leaves out who is waiting."""
        running = self.filter(status__in=[Issue.Status.SENDING, Issue.Status.PAUSED])
        return running.update(status=Issue.Status.CANCELLED, pause_reason="", finished_at=DatabaseNow())


class Issue(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        SENT = "sent", _("Sent")
        CANCELLED = "cancelled", _("Cancelled")

    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(
        _("slug"), max_length=SLUG_LENGTH, unique=True, help_text=_("The last part of its address.")
    )
    summary = models.CharField(_("summary"), max_length=300, blank=True, help_text=_("One or two sentences."))
    body = models.TextField(_("text"), help_text=_("Markdown. A blank line starts a paragraph."))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    pause_reason = models.CharField(_("reason for the pause"), max_length=200, blank=True, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    sending_since = models.DateTimeField(_("sending since"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)
    recipient_count = models.PositiveIntegerField(_("readers when it was started"), default=0, editable=False)
    preview_key = models.CharField(_("preview key"), max_length=12, default=new_preview_key, editable=False)

    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("preview_issue", _("Can read an issue before it is published")),
            ("send_issue", _("Can send an issue to its readers")),
        ]
        constraints = [
            models.CheckConstraint(
                name="newsletter_issue_sent_is_published",
                condition=Q(status="draft") | Q(published_at__isnull=False),
                violation_error_message=_("An issue that was sent needs a date of publication."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("newsletter:issue", args=[self.slug])

    @property
    def is_published(self) -> bool:
        """Whether ``published()`` has it."""
        has_date = self.published_at is not None and self.published_at <= timezone.now()
        return has_date and self.status != self.Status.DRAFT

    @property
    def has_started(self) -> bool:
        """Whether it is, or was, on its way to readers who are frozen in the ledger."""
        return self.status not in (self.Status.DRAFT, self.Status.SCHEDULED)

    @property
    def has_ended(self) -> bool:
        return self.status in (self.Status.SENT, self.Status.CANCELLED)

    def preview_state(self) -> str:
        """
        What goes into the signature of every link that shares this draft; when it changes, they all die.

        So publishing ends them, and so does ``stop_sharing``. Its limits: it cannot end one link and spare another;
        it does not count who came; and an issue that is taken back from publication has its old links back, those
        that have not expired. Call ``stop_sharing`` then, too.
        """
        return f"{'published' if self.is_published else 'draft'} {self.preview_key}"

    def stop_sharing(self) -> None:
        """End every link that shares this draft."""
        self.preview_key = new_preview_key()
        self.save(update_fields=["preview_key"])

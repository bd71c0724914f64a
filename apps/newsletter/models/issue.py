from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IssueQuerySet(models.QuerySet["Issue"]):
    def published(self) -> "IssueQuerySet":
        """What anybody may read, newest first."""
        issues = self.exclude(status=Issue.Status.DRAFT).filter(published_at__lte=timezone.now())
        return issues.order_by("-published_at", "-pk")


class Issue(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        SENT = "sent", _("Sent")

    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=100, unique=True, help_text=_("The last part of its address."))
    summary = models.CharField(_("summary"), max_length=300, blank=True, help_text=_("One or two sentences."))
    body = models.TextField(_("text"), help_text=_("Plain text. A blank line starts a paragraph."))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        ordering = ["-created_at", "-pk"]
        permissions = [("preview_issue", _("Can read an issue before it is published"))]
        constraints = [
            models.CheckConstraint(
                name="newsletter_issue_sent_is_published",
                condition=~Q(status="sent") | Q(published_at__isnull=False),
                violation_error_message=_("An issue that was sent needs a date of publication."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("newsletter:issue", args=[self.slug])

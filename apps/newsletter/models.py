from django.conf import settings
from django.db import models
from django.db.models import F, Q
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


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def active(self) -> "SubscriptionQuerySet":
        """Who is to get the next issue."""
        return self.filter(unsubscribed_at__isnull=True, user__is_active=True)


class Subscription(models.Model):
    """
    One reader of the one list. The row is written when an address is confirmed, never before.

    A reader is a user without a password, because the unsubscribe link acts for a user.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscription", verbose_name=_("user")
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), default=timezone.now)
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True, blank=True)
    unsubscribe_token = models.OneToOneField(
        "tokens.RequestToken",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("unsubscribe token"),
        help_text=_("In the header and at the foot of every issue sent to this reader."),
    )
    referrer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="referrals",
        verbose_name=_("invited by"),
    )

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="newsletter_subscription_no_self_referral",
                condition=Q(referrer__isnull=True) | ~Q(referrer=F("user")),
                violation_error_message=_("Nobody can have invited themselves."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_active(self) -> bool:
        return self.unsubscribed_at is None and self.user.is_active


class Invitation(models.Model):
    """A member's affiliate link, and how often it led somebody to ask for a subscription."""

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitation", verbose_name=_("member")
    )
    token = models.OneToOneField(
        "tokens.RequestToken", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("token")
    )
    signups = models.PositiveIntegerField(_("sign-ups"), default=0)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.member)

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.newsletter.models.suppression import Suppression


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def active(self) -> "SubscriptionQuerySet":
        """Who is to get the next issue."""
        return self.filter(unsubscribed_at__isnull=True, user__is_active=True)


class Subscription(models.Model):
    """
    One reader of the one list. The row is written when an address is confirmed, never before.

    A reader is a user without a password, because the unsubscribe link acts for a user.
    """

    class LeavingReason(models.TextChoices):
        TOO_OFTEN = "too_often", _("Too many mails")
        NOT_FOR_ME = "not_for_me", _("It is not what I expected")
        NEVER_ASKED = "never_asked", _("I did not ask for it")
        OTHER = "other", _("Something else")

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
    is_self_referral = models.BooleanField(
        _("came by their own link"), default=False, help_text=_("Not counted for the member.")
    )
    leaving_reason = models.CharField(
        _("reason for leaving"), max_length=20, choices=LeavingReason.choices, blank=True, default=""
    )
    leaving_comment = models.CharField(_("in their words"), max_length=500, blank=True, default="")

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

    def clean(self) -> None:
        # The admin is the one place where somebody can be subscribed without having confirmed.
        if self.user_id and self.unsubscribed_at is None and Suppression.objects.find([self.user.email]):
            raise ValidationError(
                _("This address has unsubscribed. Only its owner can take that back, by subscribing again.")
            )

    @property
    def is_active(self) -> bool:
        return self.unsubscribed_at is None and self.user.is_active

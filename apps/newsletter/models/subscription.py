from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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

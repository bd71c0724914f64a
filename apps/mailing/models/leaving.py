from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.newsletter.models import Subscription


class LeavingReason(models.Model):
    """Why a reader left, if they said so. Forgotten when they return, erased with the subscription."""

    class Reason(models.TextChoices):
        TOO_OFTEN = "too_often", _("Too many emails")
        NOT_FOR_ME = "not_for_me", _("It is not what I expected")
        NEVER_ASKED = "never_asked", _("I did not ask for it")
        OTHER = "other", _("Something else")

    subscription = models.OneToOneField(
        Subscription, models.CASCADE, related_name="leaving", verbose_name=_("subscription")
    )
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices, blank=True, default="")
    comment = models.CharField(_("in their words"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("reason for leaving")
        verbose_name_plural = _("reasons for leaving")

    def __str__(self) -> str:
        return self.get_reason_display()

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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

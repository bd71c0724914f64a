from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def live(self) -> "InvitationQuerySet":
        """Those whose member is still here and whose link nobody has withdrawn."""
        return self.filter(member__is_active=True, token__isnull=False, token__revoked_at__isnull=True)

    def claim_reader(self, pk: int) -> bool:
        """Count one confirmed reader; False if the quota is reached."""
        # Threat: two readers share the last place. Looking and counting are one UPDATE.
        free = self.filter(Q(quota=None) | Q(confirmed__lt=F("quota")), pk=pk)
        return free.update(confirmed=F("confirmed") + 1) == 1


class Invitation(models.Model):
    """
    A member's affiliate link and what became of it.

    The counts are kept here and not taken from the token, the log or the readers: those may be pruned or erased.
    The quota is here and not ``max_uses`` of the token, which would count visits and refuse the last visitor's form.
    """

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitation", verbose_name=_("member")
    )
    token = models.OneToOneField(
        "tokens.RequestToken", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("token")
    )
    quota = models.PositiveIntegerField(
        _("readers at most"), null=True, blank=True, help_text=_("Empty: as many as like to come.")
    )
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    signups = models.PositiveIntegerField(_("sign-ups"), default=0)
    confirmed = models.PositiveIntegerField(_("confirmed"), default=0)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.member)

    @property
    def is_full(self) -> bool:
        return self.quota is not None and self.confirmed >= self.quota

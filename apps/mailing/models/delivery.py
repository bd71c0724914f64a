from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.mailing.models.dispatch import Dispatch
from apps.mailing.models.ledger import FINISHED, DeliveryQuerySet, DeliveryStatus
from apps.newsletter.models import Subscription


class Delivery(models.Model):
    """One dispatch to one reader: a line in the ledger. It has no address, so it can outlive the reader."""

    Status = DeliveryStatus

    dispatch = models.ForeignKey(
        # The unique constraint has an index that begins with the dispatch.
        Dispatch,
        models.CASCADE,
        related_name="deliveries",
        db_index=False,
        verbose_name=_("dispatch"),
    )
    subscription = models.ForeignKey(
        # Readers who are erased stay counted, without a name.
        Subscription,
        models.SET_NULL,
        null=True,
        related_name="deliveries",
        verbose_name=_("subscription"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True)
    claimed_by = models.CharField(_("claimed by"), max_length=22, blank=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True)
    error = models.CharField(_("error"), max_length=50, blank=True, help_text=_("Codes only; never an address."))
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["pk"]
        indexes = [
            # To claim, and to count by state.
            models.Index(fields=["dispatch", "status", "id"], name="mailing_delivery_queue"),
            # The last two hundred.
            models.Index(fields=["dispatch", "finished_at"], name="mailing_delivery_recent"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "subscription"], name="mailing_delivery_once_per_reader"),
            models.CheckConstraint(name="mailing_delivery_known_status", condition=Q(status__in=DeliveryStatus.values)),
            models.CheckConstraint(
                name="mailing_delivery_claimed_has_lease",
                condition=(Q(status="claimed", claimed_until__isnull=False) & ~Q(claimed_by=""))
                | (~Q(status="claimed") & Q(claimed_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="mailing_delivery_retry_has_time",
                condition=Q(status="retry", next_attempt_at__isnull=False)
                | (~Q(status="retry") & Q(next_attempt_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="mailing_delivery_finished_has_time",
                condition=Q(status__in=FINISHED, finished_at__isnull=False)
                | (~Q(status__in=FINISHED) & Q(finished_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

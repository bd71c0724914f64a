from datetime import timedelta

from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.mailing.clock import DatabaseNow


class PaceQuerySet(models.QuerySet["Pace"]):
    def reserve(self, emails: int, *, per_second: int) -> float:
        """Takes room for so many emails at the pace all workers share. Returns the seconds until it begins."""
        self.get_or_create(pk=1)
        taken = timedelta(seconds=emails / per_second)
        with transaction.atomic(using=self.db):
            # One UPDATE moves the time on; nobody else gets the same room, on any database.
            self.filter(pk=1).update(free_at=Greatest(F("free_at"), DatabaseNow()) + taken)
            [(free_at, now)] = self.filter(pk=1).values_list("free_at", DatabaseNow())
        seconds: float = (free_at - taken - now).total_seconds()
        return max(0.0, seconds)


class Pace(models.Model):
    """The one row says when the next email can go out, whoever sends it."""

    free_at = models.DateTimeField(_("free at"), default=timezone.now)

    objects = PaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("pace")
        verbose_name_plural = _("pace")

    def __str__(self) -> str:
        return str(self.free_at)

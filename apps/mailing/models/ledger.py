"""
Every change to rows of Delivery, by name.

The rule that the rest stands on: a worker sends the rows of its claim in id order and marks each before it begins the
next. So of a claim whose worker is gone, the lowest unmarked row is the only email that may have gone out unrecorded.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connections, models, transaction
from django.db.models import Count, F, Value
from django.db.models.constants import OnConflict
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from apps.mailing.clock import DatabaseNow
from apps.newsletter.models import Subscription

if TYPE_CHECKING:
    from apps.mailing.models.delivery import Delivery
    from apps.mailing.models.dispatch import Dispatch

# How long a worker may be silent before it counts as dead. It renews much sooner.
LEASE = timedelta(seconds=60)


class DeliveryStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    CLAIMED = "claimed", _("Being sent")
    RETRY = "retry", _("To be tried again")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("In doubt")
    SKIPPED = "skipped", _("Skipped")


WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.RETRY)
OPEN = (*WAITING, DeliveryStatus.CLAIMED)
FINISHED = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNKNOWN, DeliveryStatus.SKIPPED)
BACK_IN_QUEUE: dict[str, Any] = {
    "status": DeliveryStatus.QUEUED,
    "claimed_by": "",
    "claimed_until": None,
    "next_attempt_at": None,
    "finished_at": None,
}


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Ask it of one dispatch, ``dispatch.deliveries.claim(...)``: the index begins with the dispatch."""

    def freeze(self, dispatch: "Dispatch") -> int:
        """Writes one queued row for each active reader, in one statement. Returns the number of new rows."""
        values = {
            "dispatch": Value(dispatch.pk),
            "status": Value(DeliveryStatus.QUEUED.value),
            "attempts": Value(0),
            "claimed_by": Value(""),
            "error": Value(""),
        }
        readers = Subscription.objects.active().order_by("pk").values_list("pk", *values.values())
        # Django has no INSERT ... SELECT: it compiles the SELECT and knows how this database ignores what is there.
        connection = connections[self.db]
        quote = connection.ops.quote_name
        fields = {field.name: field for field in self.model._meta.concrete_fields}
        written = [fields[name] for name in ("subscription", *values)]
        columns = ", ".join(quote(field.column) for field in written if field.column)
        select, params = readers.query.get_compiler(self.db).as_sql()
        insert = connection.ops.insert_statement(on_conflict=OnConflict.IGNORE)
        suffix = connection.ops.on_conflict_suffix_sql(written, OnConflict.IGNORE, (), ())
        with connection.cursor() as cursor:
            cursor.execute(f"{insert} {quote(self.model._meta.db_table)} ({columns}) {select} {suffix}", params)
            frozen: int = cursor.rowcount
        return frozen

    def counts(self) -> dict[str, int]:
        """The number of rows in each state, all of them named; they add up to the frozen readers."""
        found = dict(self.order_by().values_list("status").annotate(Count("pk")))
        return {status: found.get(status, 0) for status in DeliveryStatus.values}

    def count_recent_failures(self, *, window: int) -> int:
        """The number of failed ones among the last ``window`` emails, since the dispatch was started or resumed."""
        ended = self.filter(status__in=[DeliveryStatus.SENT, DeliveryStatus.FAILED])
        since = ended.filter(finished_at__gte=F("dispatch__sending_since")).order_by("-finished_at", "-pk")
        return list(since.values_list("status", flat=True)[:window]).count(DeliveryStatus.FAILED)

    def open(self) -> "DeliveryQuerySet":
        """What has not come to rest."""
        return self.filter(status__in=OPEN)

    def count_workers(self) -> int:
        """The number of workers that have rows in hand and are not taken for dead."""
        held = self.filter(status=DeliveryStatus.CLAIMED, claimed_until__gte=DatabaseNow()).order_by()
        return held.values("claimed_by").distinct().count()

    def has_due(self) -> bool:
        """Whether there is anything to claim now."""
        return self.filter(status=DeliveryStatus.QUEUED).exists() or self._due_retries().exists()

    def claim(self, *, limit: int) -> tuple[str, list["Delivery"]]:
        """A batch that is the caller's for ``LEASE``, in id order, and the name of the claim."""
        claim = get_random_string(22)
        # Durable: inside somebody's transaction no mark would last, and a crash would send everything again.
        with transaction.atomic(using=self.db, durable=True):
            # Two questions, each answered by the index: an OR would read all finished rows of the dispatch.
            found = self._due_retries()._take(limit)
            found += self.filter(status=DeliveryStatus.QUEUED)._take(limit - len(found))
            self.filter(pk__in=found, status__in=WAITING).update(
                status=DeliveryStatus.CLAIMED,
                claimed_by=claim,
                claimed_until=DatabaseNow() + LEASE,
                next_attempt_at=None,
            )
        rows = self.held(claim).select_related("subscription__user", "subscription__unsubscribe_token")
        return claim, list(rows.order_by("pk")) if found else []

    def held(self, claim: str) -> "DeliveryQuerySet":
        """The rows of a claim that are not marked yet."""
        return self.filter(claimed_by=claim, status=DeliveryStatus.CLAIMED)

    def renew(self, claim: str) -> None:
        """The lease of the claim begins anew."""
        with transaction.atomic(using=self.db):
            self.filter(pk__in=self.held(claim)._lock()).update(claimed_until=DatabaseNow() + LEASE)

    def settle(self, pk: int, claim: str, status: DeliveryStatus, **fields: Any) -> bool:
        """Marks one row of the claim; False if it is no longer the claim's."""
        finished_at = DatabaseNow() if status in FINISHED else None
        changes = {"status": status, "claimed_by": "", "claimed_until": None, "finished_at": finished_at, **fields}
        return self.settling(pk, claim).update(**changes) == 1

    def settling(self, pk: int, claim: str) -> "DeliveryQuerySet":
        """The row, as long as it is the claim's."""
        # A worker that was only slow can still say what became of the one email others had to call unknown.
        return self.filter(pk=pk, claimed_by=claim, status__in=[DeliveryStatus.CLAIMED, DeliveryStatus.UNKNOWN])

    def release(self, claim: str, *, in_doubt: int | None = None) -> None:
        """What the claim's own worker knows it has not sent goes back; the one it does not know about is unknown."""
        mine = self.filter(claimed_by=claim, status__in=[DeliveryStatus.CLAIMED, DeliveryStatus.UNKNOWN])
        with transaction.atomic(using=self.db):
            held = mine._lock()
            self.filter(pk__in=[pk for pk in held if pk != in_doubt]).update(**BACK_IN_QUEUE)
            self.settling(in_doubt or 0, claim).update(
                status=DeliveryStatus.UNKNOWN,
                claimed_by="",
                claimed_until=None,
                error="interrupted",
                finished_at=DatabaseNow(),
            )

    def recover(self) -> int:
        """
        Of each claim whose lease has run out, the email in doubt becomes unknown and the rest goes back to the queue.

        Returns the number of emails in doubt.
        """
        expired = self.filter(status=DeliveryStatus.CLAIMED, claimed_until__lt=DatabaseNow())
        dead = set(expired.values_list("claimed_by", flat=True))
        return sum(expired.filter(claimed_by=claim)._bury() for claim in dead)

    def skip_waiting(self, reason: str) -> int:
        """Nobody will send these."""
        waiting = self.filter(status__in=WAITING)
        return waiting.update(
            status=DeliveryStatus.SKIPPED, error=reason, next_attempt_at=None, finished_at=DatabaseNow()
        )

    def confirm_sent(self) -> int:
        """A person found these unknown ones in the log of the mail server."""
        unknown = self.filter(status=DeliveryStatus.UNKNOWN)
        return unknown.update(status=DeliveryStatus.SENT, claimed_by="")

    def send_again(self) -> int:
        """A person found that these unknown ones never went out."""
        return self.filter(status=DeliveryStatus.UNKNOWN).update(**BACK_IN_QUEUE)

    def _due_retries(self) -> "DeliveryQuerySet":
        return self.filter(status=DeliveryStatus.RETRY, next_attempt_at__lte=DatabaseNow())

    def _bury(self) -> int:
        with transaction.atomic(using=self.db):
            held = self._lock()
            if not held:
                return 0
            in_doubt, *rest = held
            rows = self.model._default_manager.using(self.db)
            rows.filter(pk__in=rest).update(**BACK_IN_QUEUE)
            # claimed_by stays: if the worker lives, it can still settle this row.
            return rows.filter(pk=in_doubt).update(
                status=DeliveryStatus.UNKNOWN, claimed_until=None, finished_at=DatabaseNow()
            )

    def _take(self, limit: int) -> list[int]:
        skip_locked = connections[self.db].features.has_select_for_update_skip_locked
        # Without it, two who claim wait for each other, and the second finds the rows taken; it claims what is left.
        rows = self.select_for_update(skip_locked=skip_locked).order_by("pk")
        return list(rows.values_list("pk", flat=True)[: max(limit, 0)])

    def _lock(self) -> list[int]:
        # In id order: two who lock the same rows then never wait each for the other.
        return list(self.select_for_update().order_by("pk").values_list("pk", flat=True))

"""A worker's hold on a batch of deliveries."""

from enum import Enum, auto
from time import monotonic
from typing import Any, cast

from django.db import connection
from django.db.models import F
from django.db.models.sql import UpdateQuery

from apps.mailing.clock import DatabaseNow
from apps.mailing.models import Delivery, Dispatch
from apps.mailing.models.ledger import LEASE, DeliveryStatus

# In the place of a delivery's id; no row has it.
ANY_ROW = -1


class Standing(Enum):
    OURS = auto()
    LEFT = auto()
    """The reader has unsubscribed, or is gone."""
    STOP = auto()
    """The dispatch is no longer being sent, or the claim was taken for dead."""


class Claim:
    """
    The rows of one claim, to be sent in this order.

    ``look`` and ``mark_sent`` run once for every reader, so their SQL is written once for the batch; the rest goes
    the ordinary way.
    """

    def __init__(self, dispatch: Dispatch, name: str, batch: list[Delivery]) -> None:
        self.batch = batch
        self._name, self._deliveries = name, dispatch.deliveries
        self._renewed_at = monotonic()
        self._in_doubt: int | None = None
        self._accepted: Delivery | None = None
        self._look = self._write_look()
        self._mark, self._mark_params = self._write_mark()

    def keep(self) -> None:
        """Renews the lease when a third of it is over."""
        if monotonic() - self._renewed_at > LEASE.total_seconds() / 3:
            self._deliveries.renew(self._name)
            self._renewed_at = monotonic()

    def look(self, delivery: Delivery) -> Standing:
        """
        One query, directly before the email.

        Threat: a claim that was taken for dead. Its lowest unmarked row, and that is the one whose turn it is, is
        never given to anybody else; so it does not matter what happens between this look and the email.
        """
        with connection.cursor() as cursor:
            cursor.execute(*self._look)
            pk, unsubscribed_at, is_active = cursor.fetchone() or (None, None, None)
        if pk != delivery.pk:
            return Standing.STOP
        return Standing.OURS if is_active and unsubscribed_at is None else Standing.LEFT

    def begin(self, delivery: Delivery) -> None:
        """From now until it is marked or ``withdraw`` is called, nobody knows whether its email went out."""
        self._in_doubt = delivery.pk

    def withdraw(self) -> None:
        """The email did not go out."""
        self._in_doubt = None

    def mark_sent(self, delivery: Delivery) -> bool:
        """``settle`` for the common case."""
        self._accepted = delivery
        with connection.cursor() as cursor:
            cursor.execute(self._mark, [delivery.pk if value == ANY_ROW else value for value in self._mark_params])
            is_ours: bool = cursor.rowcount == 1
        self._in_doubt = self._accepted = None
        return is_ours

    def settle(self, delivery: Delivery, status: DeliveryStatus, **fields: Any) -> bool:
        """Marks the delivery; False if it is not ours any more."""
        is_ours = self._deliveries.settle(delivery.pk, self._name, status, **fields)
        self._in_doubt = None
        return is_ours

    def release(self) -> None:
        """What is not marked goes back to the queue; an email that went out, or may have, does not."""
        if self._accepted is not None:
            # The database was lost before it could be marked.
            self.mark_sent(self._accepted)
        self._deliveries.release(self._name, in_doubt=self._in_doubt)

    def _write_look(self) -> tuple[str, Any]:
        lowest = self._deliveries.held(self._name).filter(dispatch__status=Dispatch.Status.SENDING).order_by("pk")[:1]
        columns = ("pk", "subscription__unsubscribed_at", "subscription__user__is_active")
        return lowest.values_list(*columns).query.sql_with_params()

    def _write_mark(self) -> tuple[str, Any]:
        query = cast(UpdateQuery, self._deliveries.settling(ANY_ROW, self._name).query.chain(UpdateQuery))
        query.add_update_values(
            {
                "status": Delivery.Status.SENT,
                "attempts": F("attempts") + 1,
                "finished_at": DatabaseNow(),
                "claimed_by": "",
                "claimed_until": None,
            }
        )
        sql: tuple[str, Any] = query.get_compiler(self._deliveries.db).as_sql()
        return sql

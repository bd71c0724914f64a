"""The numbers of a dispatch on its way and afterwards, out of the ledger."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils.functional import cached_property

from apps.mailing.models import Dispatch
from apps.mailing.models.ledger import OPEN, DeliveryStatus

# In the order in which an email goes through them.
ORDER = [
    DeliveryStatus.QUEUED,
    DeliveryStatus.CLAIMED,
    DeliveryStatus.RETRY,
    DeliveryStatus.SENT,
    DeliveryStatus.FAILED,
    DeliveryStatus.UNKNOWN,
    DeliveryStatus.SKIPPED,
]


@dataclass(frozen=True)
class Line:
    status: str
    label: str
    count: int


class Report:
    """One count, made once: what the page shows adds up, however fast the ledger moves meanwhile."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self.counts = dispatch.deliveries.counts()
        self.total = sum(self.counts.values())
        self.open = sum(self.counts[status] for status in OPEN)
        self.done = self.total - self.open

    @property
    def lines(self) -> list[Line]:
        """One for each state that a row is in; the sum of their counts is ``total``."""
        return [Line(status, str(status.label), self.counts[status]) for status in ORDER if self.counts[status]]

    @property
    def percent(self) -> int:
        """Rounded down: 100 says that nothing is left."""
        return self.done * 100 // self.total if self.total else 100

    @property
    def is_idle(self) -> bool:
        """Emails are waiting and no worker has taken any."""
        return bool(self.counts[DeliveryStatus.QUEUED]) and not self.counts[DeliveryStatus.CLAIMED]

    @cached_property
    def unsubscribed_since(self) -> int:
        """The number of readers who got it and have left since it was begun."""
        sent = self._dispatch.deliveries.filter(status=DeliveryStatus.SENT)
        return sent.filter(subscription__unsubscribed_at__gte=self._dispatch.started_at).count()

    @cached_property
    def failures(self) -> list[tuple[str, int]]:
        """What the mail server said, and how often."""
        failed = self._dispatch.deliveries.filter(status=DeliveryStatus.FAILED).order_by()
        return list(failed.values_list("error").annotate(count=Count("pk")).order_by("-count", "error"))

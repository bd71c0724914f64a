"""What the demo has sent: a dispatch for each issue, with real rows, as if it had gone out on the issue's day."""

from datetime import timedelta

from apps.demo import seed
from apps.mailing import sending
from apps.mailing.models import Delivery, Dispatch
from apps.newsletter import services
from apps.newsletter.models import Issue, Subscription

# Readers whose accounts are gone since; their rows stay counted, without a name.
GONE = 183
# What the mail server said to the last of them: no such mailbox, mailbox full.
FAILURES = {"550 5.1.1": 5, "552 5.2.2": 2}
# After each issue.
LEAVERS = 2


def send_in_the_past(issue: Issue) -> None:
    """The report of a published issue; nothing for a draft, or where somebody has sent it already."""
    if issue.published_at is None or Dispatch.objects.filter(issue=issue).exists():
        return
    Dispatch.objects.schedule(issue, issue.published_at)
    dispatch = Dispatch.objects.select_related("issue").get(issue=issue)
    sending.start(dispatch)
    dispatch.deliveries.bulk_create(Delivery(dispatch=dispatch) for _ in range(GONE))
    begun, ended = issue.published_at, issue.published_at + timedelta(minutes=4)
    dispatch.deliveries.update(status=Delivery.Status.SENT, attempts=1, finished_at=ended)
    newest = list(dispatch.deliveries.order_by("-pk").values_list("pk", flat=True))
    for code, count in FAILURES.items():
        failed, newest = newest[:count], newest[count:]
        dispatch.deliveries.filter(pk__in=failed).update(status=Delivery.Status.FAILED, error=code)
    Dispatch.objects.filter(pk=dispatch.pk).finish()
    Dispatch.objects.filter(pk=dispatch.pk).update(
        started_at=begun, sending_since=begun, finished_at=ended, recipient_count=dispatch.deliveries.count()
    )
    active = Subscription.objects.active().filter(user__email__in=seed.READERS).select_related("user")
    for subscription in active.order_by("-pk")[:LEAVERS]:
        services.unsubscribe(subscription.user)
        Subscription.objects.filter(pk=subscription.pk).update(unsubscribed_at=ended + timedelta(hours=1))

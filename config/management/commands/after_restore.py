import json
from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.mailing.models import Dispatch, Suppression
from apps.newsletter import services
from apps.newsletter.models import Subscription
from apps.tokens.models import RequestToken

BATCH_SIZE = 500


class Command(BaseCommand):
    help = (
        "Run once when an older copy of the database is back, before the site starts. Ends every link but those that "
        "unsubscribe, signs everybody out, lets nobody who left be emailed, and holds back what may have been sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--left", type=Path, metavar="FILE", help="left.json: who unsubscribed since the copy")

    @transaction.atomic
    def handle(self, *args: Any, left: Path | None, **options: Any) -> None:
        if left is not None:
            _load_suppressions(left)
        # Threat: a link that was used or revoked since the copy was made works again, and nothing in the copy tells
        # which. Unsubscribe links stay: they are in every issue, have no last use, and can only end something.
        lasting = Subscription.objects.exclude(unsubscribe_token=None).values("unsubscribe_token")
        tokens = RequestToken.objects.exclude(pk__in=lasting).revoke()
        # The same for sessions that were ended since.
        sessions, _ = Session.objects.all().delete()
        self.stdout.write(f"Ended {tokens} links and {sessions} sessions.")
        self.stdout.write(f"Ended {_end_subscriptions()} subscriptions of people who have left.")
        for dispatch in Dispatch.objects.filter(status=Dispatch.Status.SENDING).select_related("issue"):
            Dispatch.objects.filter(pk=dispatch.pk).pause(
                "The database was restored: some readers may have this issue."
            )
            self.stdout.write(f"{dispatch.issue.slug} is paused: readers may have it already. Resume or cancel it.")
        for dispatch in Dispatch.objects.due().select_related("issue"):
            Dispatch.objects.filter(pk=dispatch.pk).unschedule()
            self.stdout.write(f"{dispatch.issue.slug} is not scheduled any more: readers may have it already.")


def _load_suppressions(path: Path) -> None:
    try:
        rows = [Suppression(**row["fields"]) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    # Not loaddata, and without the ids: a reader who left, came back and left again has another id in each.
    Suppression.objects.bulk_create(rows, batch_size=BATCH_SIZE, ignore_conflicts=True)


def _end_subscriptions() -> int:
    active = Subscription.objects.active().select_related("user").order_by("pk")
    ended, last = 0, 0
    while batch := list(active.filter(pk__gt=last)[:BATCH_SIZE]):
        left = Suppression.objects.find([subscription.user.email for subscription in batch])
        for subscription in batch:
            if subscription.user.email in left:
                services.unsubscribe(subscription.user)
                ended += 1
        last = batch[-1].pk
    return ended

"""
Readers brought along from elsewhere, who agreed there; nobody here asks them again.

So readers who have left here stay out: addresses on the suppression list, and subscriptions that were ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from django.contrib.auth import get_user_model
from django.db import transaction

from apps.mailing.models import Suppression
from apps.newsletter import services
from apps.newsletter.models import Subscription
from apps.site.addresses import read_address

BATCH_SIZE = 500


class ImportRefusedError(Exception):
    """Nothing was imported; the message says what to do."""


@dataclass
class Report:
    added: int = 0
    known: int = 0
    """Subscribed already, or left, or the account is closed: left as they are."""
    suppressed: int = 0
    invalid: int = 0


def import_addresses(lines: Iterable[str]) -> Report:
    """Subscribes the addresses, one a line; blank lines and those that begin with # are passed over."""
    unreadable = Suppression.objects.unreadable().count()
    # Threat: importing people who left, because the key that would tell is gone.
    if unreadable:
        raise ImportRefusedError(
            f"{unreadable} suppressed addresses were hidden with a key that this site no longer has, so nobody can "
            "tell whether they are in the file. Set SUPPRESSION_KEY to the former SECRET_KEY."
        )
    report = Report()
    candidates = (line.strip() for line in lines)
    addresses = (line for line in candidates if line and not line.startswith("#"))
    while batch := list(islice(addresses, BATCH_SIZE)):
        _import_batch(batch, report)
    return report


@transaction.atomic
def _import_batch(batch: list[str], report: Report) -> None:
    cleaned = [read_address(line) for line in batch]
    valid = set(filter(None, cleaned))
    suppressed = Suppression.objects.find(valid)
    report.invalid += cleaned.count("")
    report.suppressed += len(suppressed)
    for address in sorted(valid - suppressed):
        if _add(address):
            report.added += 1
        else:
            report.known += 1


def _add(address: str) -> bool:
    user, _created = get_user_model().objects.get_or_create_by_email(address)
    if not user.is_active:
        return False
    subscription, created = Subscription.objects.get_or_create(user=user)
    if created:
        services.ensure_unsubscribe_token(subscription)
    return created

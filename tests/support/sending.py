"""The ledger of a dispatch as tests look at it, and a worker that is gone."""

from datetime import timedelta

from django.utils import timezone

from apps.mailing.models import Delivery


def ledger(dispatch):
    """How many deliveries are in each state that has any."""
    return {status: count for status, count in dispatch.deliveries.counts().items() if count}


def let_leases_run_out():
    """As if every worker had been silent for too long."""
    a_second_ago = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(status=Delivery.Status.CLAIMED).update(claimed_until=a_second_ago)

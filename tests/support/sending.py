"""The ledger of a dispatch as tests look at it, and a worker that is gone."""

from datetime import timedelta
from threading import Thread

from django.db import connection
from django.utils import timezone

from apps.mailing.models import Delivery


def ledger(dispatch):
    """How many deliveries are in each state that has any."""
    return {status: count for status, count in dispatch.deliveries.counts().items() if count}


def let_leases_run_out():
    """As if every worker had been silent for too long."""
    a_second_ago = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(status=Delivery.Status.CLAIMED).update(claimed_until=a_second_ago)


def cut_database_connections():
    """As a restart of the database does: every connection but the one that asks is gone."""
    # In a thread of its own, with a connection of its own: this is called from the event loop of the mail server.
    thread = Thread(target=_cut)
    thread.start()
    thread.join()


def _cut():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        else:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
    connection.close()

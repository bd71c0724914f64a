"""kill -9 on a real worker, while a real mail server takes its mails."""

import os
import random
import signal
import sys
from collections import Counter
from threading import Event

import pytest
from django.db import connection

from apps.mailing import sending
from apps.mailing.models import Delivery, Dispatch
from tests.support.sending import cut_database_connections, let_leases_run_out
from tests.support.workers import finish, manage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Status = Delivery.Status
# In CI the full size on the database that sites of that size have, and a smaller one everywhere else.
READERS, KILLS, SHARED_READERS = (2000, 20, 1000) if connection.vendor == "postgresql" else (200, 5, 150)
if "KILLS" in os.environ:
    # KILLS=60, as in bench/README.md.
    READERS, KILLS = 100 * int(os.environ["KILLS"]), int(os.environ["KILLS"])


class Executioner:
    """Kills the worker at its n-th mail: at the recipient's name, with the mail taken but not answered, or after."""

    def __init__(self, mail_server):
        self._server = mail_server

    def kill(self, worker, at, moment):
        is_time = Event()

        def strike(count):
            if count >= at and not is_time.is_set():
                # From within the server: the worker cannot have read the answer.
                os.kill(worker.pid, signal.SIGKILL)
                is_time.set()

        def call(count):
            if count >= at:
                is_time.set()

        self._server.on_recipient = strike if moment == "recipient" else lambda count: None
        self._server.on_data = {"data": strike, "later": call}.get(moment, lambda count: None)
        assert is_time.wait(60), worker.communicate()[0]
        worker.kill()
        worker.communicate()
        self._server.on_recipient = self._server.on_data = lambda count: None


def test_a_killed_worker_costs_at_most_one_mail_in_doubt_and_nobody_gets_two(mail_server, dispatch, make_readers):
    make_readers(READERS)
    executioner, rng = Executioner(mail_server), random.Random(8)
    sums = []
    for _ in range(KILLS):
        worker = manage("send_issue", dispatch.issue.slug, email_url=mail_server.url)
        at = len(mail_server.accepted) + rng.randrange(1, READERS // (KILLS + 2))
        executioner.kill(worker, at, rng.choice(["recipient", "data", "later"]))
        sums.append(sum(dispatch.deliveries.counts().values()))
        let_leases_run_out()

    finish(manage("send_issue", dispatch.issue.slug, email_url=mail_server.url))

    dispatch.refresh_from_db()
    counts = dispatch.deliveries.counts()
    # What pytest -rP shows.
    sys.stdout.write(f"{KILLS} kills, {READERS} readers: {counts}, {len(mail_server.accepted)} mails accepted\n")
    by_status = Counter()
    for delivery in dispatch.deliveries.select_related("subscription__user"):
        by_status[delivery.status, mail_server.mails_per_address[delivery.subscription.user.email]] += 1
    assert dispatch.status == Dispatch.Status.SENT
    assert sums == [READERS] * KILLS
    assert counts["sent"] + counts["unknown"] == READERS
    assert 0 < counts["unknown"] <= KILLS
    # Of those in doubt some got it and some did not; that is the doubt.
    assert set(by_status) <= {(Status.SENT, 1), (Status.UNKNOWN, 0), (Status.UNKNOWN, 1)}


def test_a_worker_that_sleeps_through_its_lease_sends_nothing_more_when_it_wakes(mail_server, dispatch, make_readers):
    make_readers(120)
    asleep = Event()
    sleeper = manage("send_issue", dispatch.issue.slug, email_url=mail_server.url)

    def put_to_sleep(count):
        if count == 20 and not asleep.is_set():
            os.kill(sleeper.pid, signal.SIGSTOP)
            asleep.set()

    mail_server.on_data = put_to_sleep
    assert asleep.wait(60)
    let_leases_run_out()
    finish(manage("send_issue", dispatch.issue.slug, email_url=mail_server.url))
    while_asleep = dispatch.deliveries.counts()

    os.kill(sleeper.pid, signal.SIGCONT)
    finish(sleeper)

    assert (while_asleep["sent"], while_asleep["unknown"]) == (119, 1)
    # It was only slow, and knows what became of the one in doubt.
    assert dispatch.deliveries.counts()["sent"] == 120
    assert set(mail_server.mails_per_address.values()) == {1}


def test_two_workers_share_the_readers_and_nobody_gets_two(mail_server, dispatch, make_readers):
    make_readers(SHARED_READERS)
    mail_server.waits_for_connections = 2

    workers = [manage("send_issue", dispatch.issue.slug, email_url=mail_server.url) for _ in range(2)]
    for worker in workers:
        finish(worker)

    assert dispatch.deliveries.counts()["sent"] == SHARED_READERS
    assert len(mail_server.accepted) == SHARED_READERS
    assert set(mail_server.mails_per_address.values()) == {1}


@pytest.mark.databases
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite is for one machine, and one worker does it all there")
def test_two_workers_of_the_queue_share_the_readers_and_nobody_gets_two(mail_server, dispatch, make_readers):
    make_readers(SHARED_READERS)
    sending.start(dispatch)
    mail_server.waits_for_connections = 2
    queue = {"email_url": mail_server.url, "TASKS_BACKEND": "database", "NEWSLETTER_WORKERS": "2"}
    finish(manage("migrate", "django_tasks_database", **queue))
    enqueue = f"from apps.mailing.tasks import *; call_workers(Dispatch.objects.get(pk={dispatch.pk}))"
    finish(manage("shell", "--no-imports", "-c", enqueue, **queue))

    workers = [manage("db_worker", "--max-tasks", "1", "--no-startup-delay", **queue) for _ in range(2)]
    for worker in workers:
        finish(worker)

    assert mail_server.connections == 2
    assert dispatch.deliveries.counts()["sent"] == SHARED_READERS
    assert len(mail_server.accepted) == SHARED_READERS
    assert set(mail_server.mails_per_address.values()) == {1}


@pytest.mark.databases
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no connection to lose")
def test_a_worker_of_the_queue_survives_a_restart_of_the_database(mail_server, dispatch, make_readers):
    make_readers(30)
    sending.start(dispatch)
    queue = {"email_url": mail_server.url, "TASKS_BACKEND": "database"}
    finish(manage("migrate", "django_tasks_database", **queue))
    enqueue = f"from apps.mailing.tasks import *; call_workers(Dispatch.objects.get(pk={dispatch.pk}))"
    finish(manage("shell", "--no-imports", "-c", enqueue, **queue))
    mail_server.on_data = lambda count: cut_database_connections() if count == 10 else None

    finish(manage("db_worker", "--max-tasks", "1", "--no-startup-delay", **queue))

    connection.close()
    assert dispatch.deliveries.counts()["sent"] == 30
    assert set(mail_server.mails_per_address.values()) == {1}

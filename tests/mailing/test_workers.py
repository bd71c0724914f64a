"""Several workers on one dispatch, and what they do without: an answer, a database, each other."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.mailing import sending, tasks
from apps.mailing.models import Dispatch
from tests.newsletter.factories import SubscriptionFactory
from tests.support.sending import cut_database_connections, ledger, let_leases_run_out


@pytest.fixture
def queue(settings, monkeypatch):
    """The tasks in a queue that nobody works on."""
    settings.TASKS_BACKEND = "database"
    settings.NEWSLETTER_WORKERS = 3
    enqueued = []
    monkeypatch.setattr(type(tasks.send_dispatch), "enqueue", lambda task, *args: enqueued.append(args))
    return enqueued


@pytest.fixture
def started(dispatch):
    SubscriptionFactory.create_batch(6)
    sending.start(dispatch)
    return dispatch


@pytest.mark.django_db
def test_cron_calls_as_many_workers_as_the_setting_says(started, queue):
    call_command("send_due_issues")

    assert queue == [(started.pk,)] * 3


@pytest.mark.django_db
def test_while_no_worker_is_alive_cron_does_not_fill_the_queue(started, queue):
    for _ in range(10):
        call_command("send_due_issues")

    assert len(queue) == 3


@pytest.mark.django_db
def test_a_worker_that_is_sending_is_not_called_once_more(started, queue):
    started.deliveries.claim(limit=2)

    call_command("send_due_issues")

    assert len(queue) == 2


@pytest.mark.django_db
def test_the_place_of_a_worker_that_died_is_taken(started, queue):
    call_command("send_due_issues")
    for _ in queue:
        Dispatch.objects.answer_call()
        started.deliveries.claim(limit=1)
    let_leases_run_out()

    call_command("send_due_issues")

    assert len(queue) == 6


@pytest.mark.django_db
def test_a_task_that_the_queue_has_lost_is_replaced_after_an_hour(started, queue):
    call_command("send_due_issues")
    Dispatch.objects.update(called_at=timezone.now() - timedelta(minutes=61))

    call_command("send_due_issues")

    assert len(queue) == 6


@pytest.mark.django_db
def test_a_task_that_begins_no_longer_waits(dispatch, settings):
    Dispatch.objects.filter(pk=dispatch.pk).call(3)

    tasks.send_dispatch.enqueue(dispatch.pk)

    assert Dispatch.objects.get().calls == 2


@pytest.mark.django_db
def test_a_task_for_a_dispatch_that_was_deleted_does_nothing():
    assert tasks.send_dispatch.enqueue(1).return_value == 0


@pytest.mark.django_db
def test_a_worker_waits_longer_for_the_mail_server_than_a_visitor(
    mail_server, send_to, monkeypatch, dispatch, make_readers
):
    monkeypatch.setattr("config.services.SMTP_TIMEOUT_SECONDS", 0.5)
    send_to(mail_server.url)
    mail_server.data_delay = 1
    make_readers(1)

    sending.send(dispatch)

    assert ledger(dispatch) == {"sent": 1}


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no connection to lose")
def test_a_worker_survives_the_loss_of_its_database_and_marks_what_was_accepted(smtp, dispatch, make_readers):
    make_readers(5)
    # When the second email is taken and cannot be marked.
    smtp.on_data = lambda count: cut_database_connections() if count == 2 else None

    accepted = sending.send(dispatch)

    assert accepted == 5
    assert ledger(dispatch) == {"sent": 5}
    assert set(smtp.mails_per_address.values()) == {1}

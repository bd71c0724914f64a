import os
import signal
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.mailing import sending, tasks
from apps.mailing.models import Dispatch
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.sending import ledger, let_leases_run_out

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self):
        return True


def test_a_draft_is_sent(dispatch, subscription, mailoutbox, capsys):
    call_command("send_issue", dispatch.issue.slug)

    assert f"{dispatch.issue.slug} is sent: 1 sent." in capsys.readouterr().out
    assert len(mailoutbox) == 1


def test_the_drafts_are_named_when_there_is_no_such_issue(dispatch):
    with pytest.raises(CommandError, match=f"Drafts: {dispatch.issue.slug}"):
        call_command("send_issue", "nothing")


def test_an_issue_that_is_sent_already_is_said_to_be():
    dispatch = DispatchFactory(status="sent")

    with pytest.raises(CommandError, match="not waiting to be sent"):
        call_command("send_issue", dispatch.issue.slug)


def test_a_paused_issue_waits_until_somebody_says_resume(dispatch, subscription, mailoutbox):
    sending.start(dispatch)
    Dispatch.objects.filter(pk=dispatch.pk).pause("Lunch.")

    with pytest.raises(CommandError, match=r"Lunch\..*--resume"):
        call_command("send_issue", dispatch.issue.slug)
    call_command("send_issue", dispatch.issue.slug, "--resume")

    assert len(mailoutbox) == 1


def test_a_terminal_gets_a_bar(dispatch):
    SubscriptionFactory.create_batch(2)
    terminal = Terminal()

    call_command("send_issue", dispatch.issue.slug, stdout=terminal)

    assert f"[{'#' * 15}{'.' * 15}] 1/2  50%" in terminal.getvalue()
    assert f"[{'#' * 30}] 2/2  100%" in terminal.getvalue()


def test_a_file_gets_plain_lines(dispatch):
    SubscriptionFactory.create_batch(2)
    file = StringIO()

    call_command("send_issue", dispatch.issue.slug, stdout=file)

    assert "1/2  50%" in file.getvalue()
    assert "\r" not in file.getvalue()


def test_ctrl_c_ends_the_sending_between_two_mails(dispatch, mailoutbox, monkeypatch, capsys):
    SubscriptionFactory.create_batch(3)
    monkeypatch.setattr("apps.mailing.sending.progress.Progress.show", lambda self: os.kill(os.getpid(), signal.SIGINT))

    call_command("send_issue", dispatch.issue.slug)

    assert "Emails sent just now: 1. Start again to go on" in capsys.readouterr().out
    assert ledger(dispatch) == {"queued": 2, "sent": 1}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_scheduled_is_sent_when_its_time_has_come(subscription, mailoutbox):
    due = DispatchFactory(scheduled_at=timezone.now() - timedelta(seconds=1))
    later = DispatchFactory(scheduled_at=timezone.now() + timedelta(hours=1))

    call_command("send_due_issues")

    assert set(Dispatch.objects.values_list("pk", "status")) == {(due.pk, "sent"), (later.pk, "scheduled")}
    assert len(mailoutbox) == 1


def test_cron_hears_of_an_issue_that_paused_itself(dispatch, subscription, monkeypatch, capsys):
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", lambda self, messages: 1 / 0)

    call_command("send_due_issues")

    assert f"{dispatch.issue.slug} is paused: Sending broke off with ZeroDivisionError" in capsys.readouterr().err


def test_what_a_killed_worker_left_is_taken_up(dispatch, mailoutbox):
    SubscriptionFactory.create_batch(3)
    sending.start(dispatch)
    dispatch.deliveries.claim(limit=2)
    let_leases_run_out()

    call_command("send_due_issues")

    assert len(mailoutbox) == 2
    assert ledger(dispatch) == {"sent": 2, "unknown": 1}


def test_an_issue_somebody_is_sending_is_left_to_them(dispatch, mailoutbox):
    SubscriptionFactory.create_batch(3)
    sending.start(dispatch)
    dispatch.deliveries.claim(limit=2)

    call_command("send_due_issues")

    assert mailoutbox == []


def test_what_a_killed_worker_left_of_a_cancelled_issue_is_put_in_order(dispatch, mailoutbox):
    SubscriptionFactory.create_batch(3)
    sending.start(dispatch)
    dispatch.deliveries.claim(limit=2)
    sending.cancel(dispatch)
    let_leases_run_out()

    call_command("send_due_issues")

    assert mailoutbox == []
    assert ledger(dispatch) == {"unknown": 1, "skipped": 2}


def test_the_task_sends_the_issue_to_its_end(dispatch, mailoutbox):
    SubscriptionFactory.create_batch(3)

    result = tasks.send_dispatch.enqueue(dispatch.pk)

    assert result.return_value == 3
    assert ledger(dispatch) == {"sent": 3}


def test_a_task_that_does_not_reach_its_end_is_not_called_successful(dispatch, subscription, monkeypatch):
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", lambda self, messages: 1 / 0)

    result = tasks.send_dispatch.enqueue(dispatch.pk)

    assert str(result.status).endswith("FAILED")
    dispatch.refresh_from_db()
    assert dispatch.status == Dispatch.Status.PAUSED


def test_all_batches_are_one_task(dispatch, mailoutbox, monkeypatch):
    monkeypatch.setattr("apps.mailing.sending.worker.BATCH", 2)
    SubscriptionFactory.create_batch(30)

    result = tasks.send_dispatch.enqueue(dispatch.pk)

    assert result.return_value == 30


@pytest.mark.parametrize("status", ["paused", "sent", "cancelled"])
def test_a_task_that_comes_too_late_finds_nothing_to_do(subscription, mailoutbox, status):
    dispatch = DispatchFactory(status=status)

    result = tasks.send_dispatch.enqueue(dispatch.pk)

    assert result.return_value == 0
    assert mailoutbox == []


def test_a_task_is_given_an_id_and_nothing_else(dispatch, subscription):
    result = tasks.send_dispatch.enqueue(dispatch.pk)

    assert (result.args, result.kwargs) == ([dispatch.pk], {})

"""What the answers of a real mail server do to the ledger."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.newsletter.models import Delivery, Issue
from apps.newsletter.sending import SendingError, outcomes, send_issue
from tests.support.ports import find_free_port
from tests.support.sending import ledger

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def state_of(subscription):
    return Delivery.objects.get(subscription=subscription)


def make_due(issue):
    Delivery.objects.filter(issue=issue, status=Status.RETRY).update(
        next_attempt_at=timezone.now() - timedelta(seconds=1)
    )


def until(issue, status):
    """For ``stop``: as soon as that many rows are in a state."""
    return lambda: issue.deliveries.filter(status=status).exists()


def test_all_readers_are_served_over_one_connection(smtp, issue, make_readers):
    readers = make_readers(3)

    accepted = send_issue(issue)

    assert accepted == 3
    assert smtp.connections == 1
    assert smtp.addresses == [reader.user.email for reader in readers]
    assert ledger(issue) == {"sent": 3}


@pytest.mark.parametrize("where", ["recipient_answers", "data_command_answers", "data_answers"])
def test_an_address_that_is_refused_fails_and_the_others_get_it(smtp, issue, make_readers, where):
    refused, other = make_readers(2)
    getattr(smtp, where)[refused.user.email] = f"550 5.1.1 <{refused.user.email}> unknown"

    send_issue(issue)

    assert smtp.addresses == [other.user.email]
    assert (state_of(refused).status, state_of(refused).error) == (Status.FAILED, "550 5.1.1")
    assert issue.status == Issue.Status.SENT


def test_no_log_line_names_an_address(smtp, issue, make_readers, caplog):
    [refused] = make_readers(1)
    smtp.recipient_answers[refused.user.email] = f"550 5.1.1 <{refused.user.email}> unknown"

    send_issue(issue)

    assert "code=550 5.1.1" in caplog.text
    assert refused.user.email not in caplog.text


@pytest.mark.parametrize("where", ["recipient_answers", "data_answers"])
def test_a_mail_that_may_come_later_is_tried_again_later(smtp, issue, make_readers, where):
    greylisted, other = make_readers(2)
    getattr(smtp, where)[greylisted.user.email] = "451 4.7.1 greylisted"

    send_issue(issue, stop=until(issue, Status.RETRY))

    delivery = state_of(greylisted)
    assert (delivery.attempts, delivery.error) == (1, "451 4.7.1")
    assert timedelta(seconds=50) < delivery.next_attempt_at - timezone.now() < timedelta(seconds=70)


def test_the_second_attempt_carries_the_same_message_id(smtp, issue, make_readers):
    [reader] = make_readers(1)
    smtp.data_answers[reader.user.email] = "451 4.7.1 greylisted"
    send_issue(issue, stop=until(issue, Status.RETRY))
    first = f"<issue-{issue.pk}.delivery-{state_of(reader).pk}@latchkey.example>"
    smtp.data_answers.clear()
    make_due(issue)

    send_issue(issue)

    assert smtp.mail_to(reader.user.email)["Message-ID"] == first
    assert state_of(reader).attempts == 2


def test_the_waits_grow_and_end(smtp, issue, make_readers):
    [reader] = make_readers(1)
    smtp.recipient_answers[reader.user.email] = "452 4.2.2 mailbox full"
    waits = []
    for attempts in range(1, outcomes.ATTEMPTS):
        send_issue(issue, stop=lambda attempts=attempts: issue.deliveries.filter(attempts=attempts).exists())
        waits.append(round((state_of(reader).next_attempt_at - timezone.now()) / timedelta(minutes=1)))
        make_due(issue)

    send_issue(issue)

    assert waits == [1, 5, 25, 125]
    assert (state_of(reader).status, state_of(reader).attempts) == (Status.FAILED, 5)
    assert issue.status == Issue.Status.SENT


def test_a_line_cut_while_a_mail_is_handed_over_leaves_that_one_in_doubt(smtp, issue, make_readers):
    readers = make_readers(4)
    smtp.hangs_up_on.add(readers[1].user.email)

    send_issue(issue)

    assert ledger(issue) == {"sent": 3, "unknown": 1}
    assert state_of(readers[1]).status == Status.UNKNOWN
    assert set(smtp.mails_per_address.values()) == {1}
    assert smtp.connections == 2


def test_a_line_cut_before_the_mail_is_handed_over_costs_nobody_the_mail(smtp, issue, make_readers):
    readers = make_readers(3)
    smtp.hangs_up_before.add(readers[1].user.email)

    with pytest.raises(SendingError, match="cannot be reached"):
        send_issue(issue)

    assert ledger(issue) == {"sent": 1, "queued": 2}


def test_a_server_that_closes_between_two_mails_is_called_again(smtp, issue, make_readers):
    first, second = make_readers(2)
    smtp.recipient_answers[second.user.email] = "421 4.3.2 closing"
    smtp.on_recipient = lambda count: smtp.connections > 1 and smtp.recipient_answers.clear()

    send_issue(issue)

    assert ledger(issue) == {"sent": 2}
    assert smtp.connections == 2


def test_a_server_that_is_not_there_pauses_the_issue_and_costs_nobody_the_mail(send_to, issue, make_readers):
    make_readers(2)
    send_to(f"smtp://127.0.0.1:{find_free_port()}")

    with pytest.raises(SendingError, match=r"paused.*ConnectionRefusedError"):
        send_issue(issue)

    assert issue.status == Issue.Status.PAUSED
    assert "cannot be reached" in issue.pause_reason
    assert ledger(issue) == {"queued": 2}


def test_a_server_that_refuses_the_sender_pauses_the_issue_at_once(smtp, issue, make_readers):
    make_readers(2)
    smtp.sender_answer = "550 5.7.1 not yours"

    with pytest.raises(SendingError, match=r"does not let us send \(550 5\.7\.1\)"):
        send_issue(issue)

    assert smtp.connections == 1
    assert ledger(issue) == {"queued": 2}


def test_after_a_pause_an_issue_goes_on_where_it_stood(smtp, issue, make_readers):
    make_readers(3)
    smtp.sender_answer = "550 5.7.1 not yours"
    with pytest.raises(SendingError):
        send_issue(issue)
    smtp.sender_answer = None
    Issue.objects.filter(pk=issue.pk).resume()
    issue.refresh_from_db()

    send_issue(issue)

    assert issue.status == Issue.Status.SENT
    assert ledger(issue) == {"sent": 3}


def test_more_than_one_failure_in_twenty_pauses_the_issue(smtp, issue, make_readers, monkeypatch):
    monkeypatch.setattr(outcomes, "WINDOW", 20)
    monkeypatch.setattr(outcomes, "FAILURES", 1)
    readers = make_readers(22)
    for reader in (readers[9], readers[19]):
        smtp.recipient_answers[reader.user.email] = "550 5.1.1 unknown"

    with pytest.raises(SendingError, match="2 of the last 20 mails failed, the last one with 550 5.1.1"):
        send_issue(issue)

    assert ledger(issue) == {"queued": 2, "sent": 18, "failed": 2}


def test_failures_that_lie_further_apart_do_not_pause_the_issue(smtp, issue, make_readers, monkeypatch):
    monkeypatch.setattr(outcomes, "WINDOW", 20)
    monkeypatch.setattr(outcomes, "FAILURES", 1)
    readers = make_readers(25)
    for reader in (readers[0], readers[20]):
        smtp.recipient_answers[reader.user.email] = "550 5.1.1 unknown"

    send_issue(issue)

    assert ledger(issue) == {"sent": 23, "failed": 2}


def test_one_in_twenty_of_two_hundred_is_the_limit():
    assert (outcomes.WINDOW, outcomes.FAILURES) == (200, 10)


def test_failures_that_somebody_has_seen_do_not_pause_the_issue_again(smtp, issue, make_readers, monkeypatch):
    monkeypatch.setattr(outcomes, "FAILURES", 0)
    readers = make_readers(3)
    smtp.recipient_answers[readers[0].user.email] = "550 5.1.1 unknown"
    with pytest.raises(SendingError):
        send_issue(issue)
    monkeypatch.setattr(outcomes, "FAILURES", 1)
    Issue.objects.filter(pk=issue.pk).resume()
    issue.refresh_from_db()
    smtp.recipient_answers[readers[1].user.email] = "550 5.1.1 unknown"

    send_issue(issue)

    assert ledger(issue) == {"sent": 1, "failed": 2}


def test_an_address_no_mail_can_carry_fails_and_the_others_get_it(smtp, issue, make_readers):
    odd, other = make_readers(2)
    odd.user.email = "ünï@example.com"
    odd.user.save()

    send_issue(issue)

    assert smtp.addresses == [other.user.email]
    assert state_of(odd).status == Status.FAILED


def test_a_defect_pauses_the_issue_and_leaves_one_mail_in_doubt(smtp, issue, make_readers, monkeypatch):
    make_readers(3)
    monkeypatch.setattr("smtplib.SMTP.data", lambda self, message: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        send_issue(issue)

    issue.refresh_from_db()
    assert "ZeroDivisionError" in issue.pause_reason
    assert ledger(issue) == {"queued": 2, "unknown": 1}

"""What the answers of a real mail server do to the ledger."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.mailing.models import Delivery, Dispatch
from apps.mailing.sending import SendingError, outcomes, send
from tests.support.ports import find_free_port
from tests.support.sending import ledger

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def state_of(subscription):
    return Delivery.objects.get(subscription=subscription)


def make_due(dispatch):
    Delivery.objects.filter(dispatch=dispatch, status=Status.RETRY).update(
        next_attempt_at=timezone.now() - timedelta(seconds=1)
    )


def until(dispatch, status):
    """For ``stop``: as soon as that many rows are in a state."""
    return lambda: dispatch.deliveries.filter(status=status).exists()


def test_all_readers_are_served_over_one_connection(smtp, dispatch, make_readers):
    readers = make_readers(3)

    accepted = send(dispatch)

    assert accepted == 3
    assert smtp.connections == 1
    assert smtp.addresses == [reader.user.email for reader in readers]
    assert ledger(dispatch) == {"sent": 3}


@pytest.mark.parametrize("where", ["recipient_answers", "data_command_answers", "data_answers"])
def test_an_address_that_is_refused_fails_and_the_others_get_it(smtp, dispatch, make_readers, where):
    refused, other = make_readers(2)
    getattr(smtp, where)[refused.user.email] = f"550 5.1.1 <{refused.user.email}> unknown"

    send(dispatch)

    assert smtp.addresses == [other.user.email]
    assert (state_of(refused).status, state_of(refused).error) == (Status.FAILED, "550 5.1.1")
    assert dispatch.status == Dispatch.Status.SENT


def test_no_log_line_names_an_address(smtp, dispatch, make_readers, caplog):
    [refused] = make_readers(1)
    smtp.recipient_answers[refused.user.email] = f"550 5.1.1 <{refused.user.email}> unknown"

    send(dispatch)

    assert "code=550 5.1.1" in caplog.text
    assert refused.user.email not in caplog.text


@pytest.mark.parametrize("where", ["recipient_answers", "data_answers"])
def test_a_mail_that_may_come_later_is_tried_again_later(smtp, dispatch, make_readers, where):
    greylisted, other = make_readers(2)
    getattr(smtp, where)[greylisted.user.email] = "451 4.7.1 greylisted"

    send(dispatch, stop=until(dispatch, Status.RETRY))

    delivery = state_of(greylisted)
    assert (delivery.attempts, delivery.error) == (1, "451 4.7.1")
    assert timedelta(seconds=50) < delivery.next_attempt_at - timezone.now() < timedelta(seconds=70)


def test_the_second_attempt_carries_the_same_message_id(smtp, dispatch, make_readers):
    [reader] = make_readers(1)
    smtp.data_answers[reader.user.email] = "451 4.7.1 greylisted"
    send(dispatch, stop=until(dispatch, Status.RETRY))
    first = f"<dispatch-{dispatch.pk}.delivery-{state_of(reader).pk}@latchkey.example>"
    smtp.data_answers.clear()
    make_due(dispatch)

    send(dispatch)

    assert smtp.mail_to(reader.user.email)["Message-ID"] == first
    assert state_of(reader).attempts == 2


def test_the_waits_grow_and_end(smtp, dispatch, make_readers):
    [reader] = make_readers(1)
    smtp.recipient_answers[reader.user.email] = "452 4.2.2 mailbox full"
    waits = []
    for attempts in range(1, outcomes.ATTEMPTS):
        send(dispatch, stop=lambda attempts=attempts: dispatch.deliveries.filter(attempts=attempts).exists())
        waits.append(round((state_of(reader).next_attempt_at - timezone.now()) / timedelta(minutes=1)))
        make_due(dispatch)

    send(dispatch)

    assert waits == [1, 5, 25, 125]
    assert (state_of(reader).status, state_of(reader).attempts) == (Status.FAILED, 5)
    assert dispatch.status == Dispatch.Status.SENT


def test_a_line_cut_while_a_mail_is_handed_over_leaves_that_one_in_doubt(smtp, dispatch, make_readers):
    readers = make_readers(4)
    smtp.hangs_up_on.add(readers[1].user.email)

    send(dispatch)

    assert ledger(dispatch) == {"sent": 3, "unknown": 1}
    assert state_of(readers[1]).status == Status.UNKNOWN
    assert set(smtp.mails_per_address.values()) == {1}
    assert smtp.connections == 2


def test_a_line_cut_before_the_mail_is_handed_over_costs_nobody_the_mail(smtp, dispatch, make_readers):
    readers = make_readers(3)
    smtp.hangs_up_before.add(readers[1].user.email)

    with pytest.raises(SendingError, match="cannot be reached"):
        send(dispatch)

    assert ledger(dispatch) == {"sent": 1, "queued": 2}


def test_a_server_that_closes_between_two_mails_is_called_again(smtp, dispatch, make_readers):
    first, second = make_readers(2)
    smtp.recipient_answers[second.user.email] = "421 4.3.2 closing"
    smtp.on_recipient = lambda count: smtp.connections > 1 and smtp.recipient_answers.clear()

    send(dispatch)

    assert ledger(dispatch) == {"sent": 2}
    assert smtp.connections == 2


def test_a_server_that_is_not_there_pauses_the_issue_and_costs_nobody_the_mail(send_to, dispatch, make_readers):
    make_readers(2)
    send_to(f"smtp://127.0.0.1:{find_free_port()}")

    with pytest.raises(SendingError, match=r"paused.*ConnectionRefusedError"):
        send(dispatch)

    assert dispatch.status == Dispatch.Status.PAUSED
    assert "cannot be reached" in dispatch.pause_reason
    assert ledger(dispatch) == {"queued": 2}


def test_a_server_that_refuses_the_sender_pauses_the_issue_at_once(smtp, dispatch, make_readers):
    make_readers(2)
    smtp.sender_answer = "550 5.7.1 not yours"

    with pytest.raises(SendingError, match=r"does not let us send \(550 5\.7\.1\)"):
        send(dispatch)

    assert smtp.connections == 1
    assert ledger(dispatch) == {"queued": 2}


def test_after_a_pause_an_issue_goes_on_where_it_stood(smtp, dispatch, make_readers):
    make_readers(3)
    smtp.sender_answer = "550 5.7.1 not yours"
    with pytest.raises(SendingError):
        send(dispatch)
    smtp.sender_answer = None
    Dispatch.objects.filter(pk=dispatch.pk).resume()
    dispatch.refresh_from_db()

    send(dispatch)

    assert dispatch.status == Dispatch.Status.SENT
    assert ledger(dispatch) == {"sent": 3}


def test_more_than_one_failure_in_twenty_pauses_the_issue(smtp, dispatch, make_readers, monkeypatch):
    monkeypatch.setattr(outcomes, "WINDOW", 20)
    monkeypatch.setattr(outcomes, "FAILURES", 1)
    readers = make_readers(22)
    for reader in (readers[9], readers[19]):
        smtp.recipient_answers[reader.user.email] = "550 5.1.1 unknown"

    with pytest.raises(SendingError, match="2 of the last 20 emails failed, the last one with 550 5.1.1"):
        send(dispatch)

    assert ledger(dispatch) == {"queued": 2, "sent": 18, "failed": 2}


def test_failures_that_lie_further_apart_do_not_pause_the_issue(smtp, dispatch, make_readers, monkeypatch):
    monkeypatch.setattr(outcomes, "WINDOW", 20)
    monkeypatch.setattr(outcomes, "FAILURES", 1)
    readers = make_readers(25)
    for reader in (readers[0], readers[20]):
        smtp.recipient_answers[reader.user.email] = "550 5.1.1 unknown"

    send(dispatch)

    assert ledger(dispatch) == {"sent": 23, "failed": 2}


def test_one_in_twenty_of_two_hundred_is_the_limit():
    assert (outcomes.WINDOW, outcomes.FAILURES) == (200, 10)


def test_failures_that_somebody_has_seen_do_not_pause_the_issue_again(smtp, dispatch, make_readers, monkeypatch):
    monkeypatch.setattr(outcomes, "FAILURES", 0)
    readers = make_readers(3)
    smtp.recipient_answers[readers[0].user.email] = "550 5.1.1 unknown"
    with pytest.raises(SendingError):
        send(dispatch)
    monkeypatch.setattr(outcomes, "FAILURES", 1)
    Dispatch.objects.filter(pk=dispatch.pk).resume()
    dispatch.refresh_from_db()
    smtp.recipient_answers[readers[1].user.email] = "550 5.1.1 unknown"

    send(dispatch)

    assert ledger(dispatch) == {"sent": 1, "failed": 2}


def test_an_address_no_mail_can_carry_fails_and_the_others_get_it(smtp, dispatch, make_readers):
    odd, other = make_readers(2)
    odd.user.email = "ünï@example.com"
    odd.user.save()

    send(dispatch)

    assert smtp.addresses == [other.user.email]
    assert state_of(odd).status == Status.FAILED


def test_a_defect_pauses_the_issue_and_leaves_one_mail_in_doubt(smtp, dispatch, make_readers, monkeypatch):
    make_readers(3)
    monkeypatch.setattr("smtplib.SMTP.data", lambda self, message: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        send(dispatch)

    dispatch.refresh_from_db()
    assert "ZeroDivisionError" in dispatch.pause_reason
    assert ledger(dispatch) == {"queued": 2, "unknown": 1}

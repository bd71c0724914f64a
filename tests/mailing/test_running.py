"""What happens to an issue while it is being sent takes effect before the next mail."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.utils import timezone

from apps.mailing import sending
from apps.mailing.models import Delivery, Dispatch, Pace
from apps.mailing.sending import SendingError, claims, send, worker
from apps.newsletter import services
from tests.support.sending import ledger, let_leases_run_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def after_two(smtp, dispatch, monkeypatch):
    """Runs something between the second and the third mail, as another process would."""

    def arrange(action):
        settle = worker.Outcomes.settle

        def settle_then_act(self, delivery, claim, answer):
            result = settle(self, delivery, claim, answer)
            if self.accepted == 2:
                action()
            return result

        monkeypatch.setattr(worker.Outcomes, "settle", settle_then_act)

    return arrange


def test_a_pause_stops_the_sending(smtp, dispatch, make_readers, after_two):
    make_readers(5)
    after_two(lambda: Dispatch.objects.filter(pk=dispatch.pk).pause("Lunch."))

    with pytest.raises(SendingError, match=r"paused: Lunch\..* before that: 2"):
        send(dispatch)

    assert len(smtp.accepted) == 2
    assert ledger(dispatch) == {"sent": 2, "queued": 3}


def test_a_cancelled_issue_goes_to_nobody_else_for_good(smtp, dispatch, make_readers, after_two):
    make_readers(5)
    after_two(lambda: sending.cancel(Dispatch.objects.get(pk=dispatch.pk)))

    accepted = send(dispatch)

    assert accepted == len(smtp.accepted) == 2
    assert dispatch.status == Dispatch.Status.CANCELLED
    assert ledger(dispatch) == {"sent": 2, "skipped": 3}


def test_who_unsubscribes_during_the_sending_gets_nothing_more(smtp, dispatch, make_readers, after_two):
    *_, leaving = make_readers(5)
    after_two(lambda: services.unsubscribe(leaving.user))

    send(dispatch)

    assert leaving.user.email not in smtp.addresses
    assert ledger(dispatch) == {"sent": 4, "skipped": 1}


def test_who_is_deactivated_during_the_sending_gets_nothing_more(smtp, dispatch, make_readers, after_two):
    *_, leaving = make_readers(5)
    after_two(lambda: get_user_model().objects.filter(pk=leaving.user.pk).update(is_active=False))

    send(dispatch)

    assert ledger(dispatch) == {"sent": 4, "skipped": 1}


def test_who_is_erased_during_the_sending_gets_nothing_more(smtp, dispatch, make_readers, after_two):
    *_, leaving = make_readers(5)
    after_two(lambda: leaving.user.delete())

    send(dispatch)

    assert ledger(dispatch) == {"sent": 4, "skipped": 1}


def test_a_worker_that_has_lost_its_claim_stops_at_once(smtp, dispatch, make_readers, after_two):
    make_readers(5)

    def another_worker_takes_over():
        let_leases_run_out()
        dispatch.deliveries.recover()
        dispatch.deliveries.claim(limit=5)
        Dispatch.objects.filter(pk=dispatch.pk).pause("So that it does not wait for the other one.")
        Dispatch.objects.filter(pk=dispatch.pk).resume()

    after_two(another_worker_takes_over)

    send(dispatch, stop=lambda: len(smtp.accepted) == 2 and Delivery.objects.filter(claimed_by="").count() == 3)

    # The third was called in doubt by the other one; who had it knows that it was not sent.
    assert len(smtp.accepted) == 2
    assert ledger(dispatch) == {"sent": 2, "queued": 1, "claimed": 2}


def test_ctrl_c_waits_for_the_mail_and_the_next_start_goes_on(smtp, dispatch, make_readers):
    make_readers(5)
    send(dispatch, stop=lambda: len(smtp.accepted) == 2)
    before = ledger(dispatch)

    send(dispatch)

    assert before == {"sent": 2, "queued": 3}
    assert ledger(dispatch) == {"sent": 5}
    assert set(smtp.mails_per_address.values()) == {1}


def test_a_second_ctrl_c_in_the_middle_of_a_mail_leaves_it_in_doubt(smtp, dispatch, make_readers, monkeypatch):
    make_readers(3)

    def interrupt(self, message):
        raise KeyboardInterrupt

    monkeypatch.setattr("smtplib.SMTP.data", interrupt)

    with pytest.raises(KeyboardInterrupt):
        send(dispatch)

    assert ledger(dispatch) == {"queued": 2, "unknown": 1}


def test_a_mail_whose_mark_is_lost_is_in_doubt_and_not_sent_again(smtp, dispatch, make_readers, monkeypatch):
    make_readers(3)
    mark = claims.Claim.mark_sent
    broken = iter([OperationalError("server closed the connection")])

    def mark_or_break(self, delivery):
        for error in broken:
            raise error
        return mark(self, delivery)

    monkeypatch.setattr(claims.Claim, "mark_sent", mark_or_break)
    with pytest.raises(OperationalError):
        send(dispatch)

    send(dispatch)

    assert ledger(dispatch) == {"sent": 2, "unknown": 1}
    assert set(smtp.mails_per_address.values()) == {1}


def test_a_lease_is_renewed_while_a_batch_lasts(smtp, dispatch, make_readers, after_two, monkeypatch):
    make_readers(4)
    # As if every mail took very long.
    monkeypatch.setattr(claims, "LEASE", timedelta(0))
    after_two(let_leases_run_out)
    leases = []

    send(dispatch, report=lambda: leases.extend(dispatch.deliveries.values_list("claimed_until")))

    [(last_lease,)] = [lease for lease in leases[8:12] if lease != (None,)]
    assert last_lease > timezone.now() + timedelta(seconds=30)


def test_the_rate_is_kept(smtp, dispatch, make_readers, settings):
    settings.NEWSLETTER_RATE = 20
    make_readers(8)
    before = timezone.now()

    send(dispatch)

    # Two at a time, every tenth of a second; the first two need not wait.
    assert (timezone.now() - before).total_seconds() >= 0.3


def test_the_rate_is_shared(db):
    # An hour ahead: no run is so slow that room goes unused meanwhile.
    begins_at = timezone.now() + timedelta(hours=1)
    Pace.objects.create(pk=1, free_at=begins_at)

    for _ in range(3):
        Pace.objects.reserve(5, per_second=10)

    assert Pace.objects.get().free_at == begins_at + timedelta(seconds=1.5)


def test_a_worker_waits_until_its_room_begins(db):
    begins_at = timezone.now() + timedelta(hours=1)
    Pace.objects.create(pk=1, free_at=begins_at)

    asked_at = timezone.now()
    wait = timedelta(seconds=Pace.objects.reserve(5, per_second=10))
    answered_at = timezone.now()

    # The clock is the database's, and SQLite's counts milliseconds.
    clock = timedelta(milliseconds=2)
    assert begins_at - answered_at - clock <= wait <= begins_at - asked_at + clock


def test_time_that_nobody_used_is_not_made_up_for(db):
    Pace.objects.create(pk=1, free_at=timezone.now() - timedelta(hours=3))

    waits = [Pace.objects.reserve(3600, per_second=1) for _ in range(2)]

    assert waits[0] == 0
    assert waits[1] > 0

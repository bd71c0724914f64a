"""The ledger by itself: who may change what, and what a worker that is gone leaves behind."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.mailing import sending
from apps.mailing.models import Delivery, Dispatch
from apps.newsletter.models import Issue, Subscription
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import PublishedIssueFactory, SubscriptionFactory
from tests.support.emails import text_of
from tests.support.sending import ledger, let_leases_run_out

pytestmark = pytest.mark.django_db

Status = Delivery.Status


@pytest.fixture
def started(dispatch):
    """An issue that is being sent to six readers."""
    SubscriptionFactory.create_batch(6)
    sending.start(dispatch)
    return dispatch


def claim(dispatch, limit):
    name, batch = dispatch.deliveries.claim(limit=limit)
    return name, [delivery.pk for delivery in batch]


def states(pks):
    found = dict(Delivery.objects.values_list("pk", "status"))
    return [found[pk] for pk in pks]


def test_freezing_takes_active_readers_only(dispatch):
    reader = SubscriptionFactory()
    SubscriptionFactory(unsubscribed_at=timezone.now())
    SubscriptionFactory(user__is_active=False)

    frozen = Delivery.objects.freeze(dispatch)

    assert frozen == 1
    assert Delivery.objects.get().subscription == reader


def test_freezing_is_one_statement(dispatch, django_assert_num_queries):
    SubscriptionFactory.create_batch(3)

    with django_assert_num_queries(1):
        Delivery.objects.freeze(dispatch)


def test_freezing_again_changes_nothing(started):
    name, [first] = claim(started, 1)
    Delivery.objects.settle(first, name, Status.SENT)

    frozen = Delivery.objects.freeze(started)

    assert frozen == 0
    assert ledger(started) == {"queued": 5, "sent": 1}


def test_starting_counts_the_readers_it_freezes(started):
    SubscriptionFactory()

    assert started.recipient_count == 6


def test_starting_again_freezes_nobody_who_came_later(started):
    SubscriptionFactory()

    assert not sending.start(started)
    assert ledger(started) == {"queued": 6}


def test_starting_gives_everybody_a_link_in_one_go(dispatch, django_assert_max_num_queries):
    SubscriptionFactory.create_batch(20)

    with django_assert_max_num_queries(20):
        sending.start(dispatch)

    tokens = {subscription.unsubscribe_token for subscription in Subscription.objects.all()}
    assert len(tokens) == 20
    assert None not in tokens


def test_a_reader_is_in_the_ledger_of_an_issue_once(started):
    subscription = Subscription.objects.first()

    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(dispatch=started, subscription=subscription)


def test_claims_do_not_overlap_and_are_in_id_order(started):
    _, first = claim(started, 4)
    _, second = claim(started, 4)

    assert first + second == sorted(Delivery.objects.values_list("pk", flat=True))


def test_a_retry_is_claimed_when_its_time_has_come_and_not_before(started):
    now, later = Delivery.objects.all()[:2]
    for delivery, seconds in ((now, -1), (later, 60)):
        delivery.status, delivery.next_attempt_at = Status.RETRY, timezone.now() + timedelta(seconds=seconds)
        delivery.save()

    _, claimed = claim(started, 10)

    assert now.pk in claimed
    assert later.pk not in claimed
    assert len(claimed) == 5


def test_of_a_dead_claim_the_lowest_unmarked_row_is_in_doubt_and_the_rest_goes_back(started):
    name, pks = claim(started, 6)
    Delivery.objects.settle(pks[0], name, Status.SENT)
    Delivery.objects.settle(pks[1], name, Status.SKIPPED)
    Delivery.objects.settle(pks[2], name, Status.FAILED, error="550")
    let_leases_run_out()

    recovered = started.deliveries.recover()

    assert recovered == 1
    assert states(pks) == ["sent", "skipped", "failed", "unknown", "queued", "queued"]


def test_a_claim_whose_lease_runs_is_left_alone(started):
    claim(started, 6)

    assert started.deliveries.recover() == 0
    assert ledger(started) == {"claimed": 6}


def test_a_renewed_lease_runs_anew(started):
    name, _ = claim(started, 6)
    let_leases_run_out()

    started.deliveries.renew(name)

    assert started.deliveries.recover() == 0


def test_recovering_twice_puts_no_second_mail_in_doubt(started):
    claim(started, 6)
    let_leases_run_out()

    recovered = [started.deliveries.recover(), started.deliveries.recover()]

    assert recovered == [1, 0]
    assert ledger(started) == {"queued": 5, "unknown": 1}


def test_two_dead_claims_leave_one_in_doubt_each(started):
    claim(started, 3)
    claim(started, 3)
    let_leases_run_out()

    assert started.deliveries.recover() == 2
    assert ledger(started) == {"queued": 4, "unknown": 2}


def test_a_worker_that_was_only_slow_may_still_say_what_became_of_its_mail(started):
    name, pks = claim(started, 6)
    let_leases_run_out()
    started.deliveries.recover()

    settled = Delivery.objects.settle(pks[0], name, Status.SENT)

    assert settled
    assert ledger(started) == {"queued": 5, "sent": 1}


def test_a_worker_that_was_only_slow_has_no_say_about_the_rest(started):
    name, pks = claim(started, 6)
    let_leases_run_out()
    started.deliveries.recover()
    claim(started, 1)

    assert not Delivery.objects.settle(pks[1], name, Status.SENT)
    assert states(pks[:2]) == ["unknown", "claimed"]


def test_a_worker_that_lives_returns_what_it_has_not_sent(started):
    name, pks = claim(started, 4)
    Delivery.objects.settle(pks[0], name, Status.SENT)

    started.deliveries.release(name)

    assert ledger(started) == {"queued": 5, "sent": 1}


def test_a_doubt_that_somebody_has_settled_is_settled(started):
    name, pks = claim(started, 1)
    let_leases_run_out()
    started.deliveries.recover()
    Delivery.objects.filter(pk=pks[0]).confirm_sent()

    started.deliveries.release(name)

    assert states(pks) == ["sent"]


def test_a_doubt_may_be_settled_by_sending_again(started, mailoutbox):
    claim(started, 1)
    let_leases_run_out()
    sending.send(started)

    returned = sending.send_again(started.deliveries.all())

    started.refresh_from_db()
    assert (returned, started.status) == (1, "sending")
    sending.send(started)
    assert len(mailoutbox) == 6
    assert ledger(started) == {"sent": 6}


def test_nothing_but_a_doubt_is_sent_again(started, mailoutbox):
    sending.send(started)

    assert sending.send_again(started.deliveries.all()) == 0
    assert Dispatch.objects.get().status == "sent"


def test_a_reader_who_is_erased_stays_counted(started):
    Subscription.objects.first().user.delete()

    assert sum(started.deliveries.counts().values()) == started.recipient_count


@pytest.mark.parametrize(
    ("before", "transition", "after"),
    [
        ("scheduled", "start", "sending"),
        ("sending", "pause", "paused"),
        ("paused", "resume", "sending"),
        ("sending", "finish", "sent"),
        ("sent", "reopen", "sending"),
        ("sending", "cancel", "cancelled"),
        ("paused", "cancel", "cancelled"),
    ],
)
def test_every_step_of_a_dispatch_leads_to_the_next_state(before, transition, after):
    dispatch = DispatchFactory(status=before)

    changed = getattr(Dispatch.objects.filter(pk=dispatch.pk), transition)(*["why"] * (transition == "pause"))

    dispatch.refresh_from_db()
    assert (changed, dispatch.status) == (1, after)


@pytest.mark.parametrize(
    ("before", "transition"),
    [
        ("sending", "start"),
        ("paused", "start"),
        ("sent", "start"),
        ("cancelled", "start"),
        ("sending", "unschedule"),
        ("sent", "unschedule"),
        ("scheduled", "pause"),
        ("paused", "pause"),
        ("sent", "pause"),
        ("sending", "resume"),
        ("cancelled", "resume"),
        ("scheduled", "finish"),
        ("paused", "finish"),
        ("cancelled", "reopen"),
        ("scheduled", "cancel"),
        ("sent", "cancel"),
    ],
)
def test_no_other_step_changes_the_state_of_a_dispatch(before, transition):
    dispatch = DispatchFactory(status=before)

    changed = getattr(Dispatch.objects.filter(pk=dispatch.pk), transition)(*["why"] * (transition == "pause"))

    dispatch.refresh_from_db()
    assert (changed, dispatch.status) == (0, before)


def test_a_dispatch_with_open_deliveries_is_not_finished(started):
    claim(started, 1)

    assert not Dispatch.objects.filter(pk=started.pk).finish()


# Scheduling: publishing is not sending


def test_scheduling_says_when_it_is_sent_and_published(issue):
    at = timezone.now() + timedelta(days=1)

    scheduled = Dispatch.objects.schedule(issue, at)

    issue.refresh_from_db()
    assert (scheduled, issue.published_at, issue.dispatch.scheduled_at) == (1, at, at)
    assert not Dispatch.objects.due().exists()


def test_an_issue_that_is_published_keeps_its_date_when_it_is_scheduled():
    issue = PublishedIssueFactory()

    Dispatch.objects.schedule(issue, timezone.now() + timedelta(days=1))

    before = issue.published_at
    issue.refresh_from_db()
    assert issue.published_at == before


def test_scheduling_again_moves_the_one_dispatch(issue):
    at = timezone.now() + timedelta(days=1)
    Dispatch.objects.schedule(issue, at + timedelta(days=1))

    Dispatch.objects.schedule(issue, at)

    issue.refresh_from_db()
    assert (Dispatch.objects.get().scheduled_at, issue.published_at) == (at, at)


@pytest.mark.parametrize("status", ["sending", "paused", "sent", "cancelled"])
def test_what_was_begun_once_is_never_scheduled_again(status):
    dispatch = DispatchFactory(status=status)

    assert Dispatch.objects.schedule(dispatch.issue, timezone.now()) == 0
    assert Dispatch.objects.get().status == status


def test_what_is_taken_back_is_a_draft_again(issue):
    Dispatch.objects.schedule(issue, timezone.now() + timedelta(days=1))

    assert Dispatch.objects.unschedule() == 1

    issue.refresh_from_db()
    assert issue.published_at is None
    assert not Dispatch.objects.exists()


def test_a_dispatch_sends_the_words_it_began_with(started, mailoutbox):
    Issue.objects.filter(pk=started.issue_id).update(title="Other", summary="Other", body="Other words.")

    sending.send(Dispatch.objects.get(pk=started.pk))

    assert {email.subject for email in mailoutbox} == {started.title}
    assert len(mailoutbox) == 6
    assert not [email for email in mailoutbox if "Other" in text_of(email)]

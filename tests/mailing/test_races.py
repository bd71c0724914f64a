"""Workers that do the same at the same moment, on a real database."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.mailing import sending
from apps.mailing.models import Delivery, Dispatch, Pace, Suppression
from apps.newsletter import services
from apps.newsletter.models import Subscription
from apps.tokens.models import RequestToken
from tests.newsletter.factories import SubscriptionFactory
from tests.support.parallel import THREADS, at_once
from tests.support.sending import ledger, let_leases_run_out

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


@pytest.fixture
def started(dispatch):
    SubscriptionFactory.create_batch(40)
    sending.start(dispatch)
    return dispatch


def all_at_once(action):
    return at_once(lambda _: action(), range(THREADS))


def test_one_of_all_who_start_an_issue_starts_it(dispatch):
    SubscriptionFactory.create_batch(40)

    results = all_at_once(lambda: sending.start(Dispatch.objects.get(pk=dispatch.pk)))

    assert sorted(results) == [False] * (THREADS - 1) + [True]
    assert ledger(dispatch) == {"queued": 40}
    assert RequestToken.objects.count() == Subscription.objects.exclude(unsubscribe_token=None).count() == 40


def test_no_row_is_claimed_by_two(started):
    claims = all_at_once(lambda: started.deliveries.claim(limit=10)[1])

    claimed = [delivery.pk for batch in claims for delivery in batch]
    assert len(claimed) == len(set(claimed)) == Delivery.objects.exclude(claimed_by="").count() == 40


def test_a_dead_claim_that_all_recover_leaves_one_in_doubt(started):
    started.deliveries.claim(limit=30)
    let_leases_run_out()

    recovered = all_at_once(started.deliveries.recover)

    assert sum(recovered) == 1
    assert ledger(started) == {"queued": 39, "unknown": 1}


def test_a_slow_worker_that_marks_while_others_recover_loses_nothing(started):
    name, batch = started.deliveries.claim(limit=30)
    let_leases_run_out()
    actions = [lambda: started.deliveries.settle(batch[0].pk, name, "sent")] + [started.deliveries.recover] * 3

    at_once(lambda action: action(), actions)

    # The next one is in doubt if the mark came first; it was not begun, and its worker will say so.
    started.deliveries.release(name)
    assert ledger(started) == {"queued": 39, "sent": 1}


def test_nobody_gets_room_that_another_has(db):
    before = timezone.now()

    all_at_once(lambda: Pace.objects.reserve(1, per_second=2))

    # Half a second each, one after the other.
    assert Pace.objects.get().free_at - before >= timedelta(seconds=THREADS / 2 - 0.1)


# Leaving, and the suppression list


def test_parallel_one_clicks_suppress_an_address_once():
    path = services.ensure_unsubscribe_token(SubscriptionFactory()).tokenise(reverse("newsletter:unsubscribe"))

    at_once(lambda path: Client().post(path).status_code, [path] * THREADS)

    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("_round", range(3))
def test_leaving_and_coming_back_at_once_end_in_one_of_the_two(_round):
    subscription = SubscriptionFactory()
    email = subscription.user.email
    leave = services.ensure_unsubscribe_token(subscription).tokenise(reverse("newsletter:unsubscribe"))
    undo = services.ensure_unsubscribe_token(subscription).tokenise(reverse("newsletter:resubscribe"))
    confirms = [
        RequestToken.objects.create_token(scope="newsletter.confirm", data={"email": email}).tokenise(
            reverse("newsletter:confirm")
        )
        for _ in range(2)
    ]

    statuses = at_once(lambda path: Client().post(path).status_code, [leave, undo, leave, *confirms, undo])

    subscription.refresh_from_db()
    assert set(statuses) == {200}
    assert Suppression.objects.exists() == (subscription.unsubscribed_at is not None)

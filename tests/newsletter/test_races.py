from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from apps.newsletter import referrals, services
from apps.newsletter.models import Invitation, Subscription
from apps.newsletter.signals import subscribed, unsubscribed
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.parallel import ROUNDS, THREADS, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_presses_on_one_confirm_link_make_one_subscription(_round):
    token = RequestToken.objects.create_token(scope="newsletter.confirm", data={"email": "newcomer@example.com"})
    path = token.tokenise(reverse("newsletter:confirm"))

    statuses = at_once(lambda path: Client().post(path).status_code, [path] * THREADS)

    assert sorted(statuses) == [200] + [403] * (THREADS - 1)
    assert Counter(token.logs.values_list("reason", flat=True)) == {"admitted": 1, "used_up": THREADS - 1}
    assert Subscription.objects.get().user.email == "newcomer@example.com"


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_presses_on_links_for_one_address_make_one_subscription(_round):
    tokens = [
        RequestToken.objects.create_token(scope="newsletter.confirm", data={"email": "newcomer@example.com"})
        for _ in range(THREADS)
    ]
    paths = [token.tokenise(reverse("newsletter:confirm")) for token in tokens]

    statuses = at_once(lambda path: Client().post(path).status_code, paths)

    assert statuses == [200] * THREADS
    assert get_user_model().objects.count() == Subscription.objects.count() == 1
    assert RequestToken.objects.filter(scope="newsletter.unsubscribe").count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_one_clicks_all_succeed(_round):
    path = services.ensure_unsubscribe_token(SubscriptionFactory()).tokenise(reverse("newsletter:unsubscribe"))

    statuses = at_once(lambda path: Client().post(path).status_code, [path] * THREADS)

    assert statuses == [200] * THREADS
    assert not Subscription.objects.active().exists()


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_parallel_presses_to_leave_and_to_undo_each_is_the_answer_to_one_before_it(_round):
    subscription = SubscriptionFactory()
    token = services.ensure_unsubscribe_token(subscription)
    paths = [token.tokenise(reverse(f"newsletter:{name}")) for name in ("unsubscribe", "resubscribe")]
    left, came = [], []
    unsubscribed.connect(lambda **kwargs: left.append(kwargs["user"]), weak=False, dispatch_uid="left")
    subscribed.connect(lambda **kwargs: came.append(kwargs["user"]), weak=False, dispatch_uid="came")

    statuses = at_once(lambda path: Client().post(path).status_code, paths * (THREADS // 2))
    unsubscribed.disconnect(dispatch_uid="left")
    subscribed.disconnect(dispatch_uid="came")

    assert statuses == [200] * THREADS
    assert len(left) - len(came) == Subscription.objects.filter(unsubscribed_at__isnull=False).count()
    token.refresh_from_db()
    assert token.used_to_date == THREADS


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_senders_give_a_reader_one_link(_round):
    subscription = SubscriptionFactory()

    tokens = at_once(
        lambda pk: services.ensure_unsubscribe_token(Subscription.objects.get(pk=pk)), [subscription.pk] * THREADS
    )

    assert len({token.pk for token in tokens}) == RequestToken.objects.count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_presses_make_a_member_one_link(_round):
    member = UserFactory()

    tokens = at_once(lambda name: referrals.invite(member, name=name), ["Member"] * THREADS)

    assert len({token.pk for token in tokens}) == RequestToken.objects.count() == 1
    assert Invitation.objects.get().token == tokens[0]


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_visits_are_all_counted(_round):
    path = referrals.invite(UserFactory(), name="Member").tokenise(reverse("newsletter:subscribe"))

    statuses = at_once(lambda path: Client().get(path).status_code, [path] * THREADS)

    assert statuses == [200] * THREADS
    assert Invitation.objects.get().clicks == THREADS


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_readers_cannot_share_the_last_place_of_an_invitation(_round):
    member = UserFactory()
    referrals.invite(member, name="Member", quota=3)
    # Other addresses in each round: on MariaDB those who insert what was deleted a moment ago wait for each other.
    addresses = [f"newcomer{number}@round{_round}.example" for number in range(THREADS)]
    tokens = [
        RequestToken.objects.create_token(
            scope="newsletter.confirm", data={"email": address, "referrer": str(member.pk)}
        )
        for address in addresses
    ]
    paths = [token.tokenise(reverse("newsletter:confirm")) for token in tokens]

    statuses = at_once(lambda path: Client().post(path).status_code, paths)

    assert statuses == [200] * THREADS
    assert Subscription.objects.count() == THREADS
    assert Subscription.objects.filter(referrer=member).count() == Invitation.objects.get().confirmed == 3

"""Leaving, with the suppression list, in every order of the SQL statements; tests/newsletter/test_every_order.py."""

import pytest
from django.urls import reverse

from apps.mailing.models import Suppression
from apps.newsletter import services
from apps.newsletter.models import Subscription
from tests.newsletter.factories import SubscriptionFactory
from tests.newsletter.test_every_order import GONE, HERE, confirm_link


def link_of(subscription, name):
    return services.ensure_unsubscribe_token(subscription).tokenise(reverse(f"newsletter:{name}"))


def is_reader():
    """Whether the only subscription stands, as the subscription has it and as the suppression list has it."""
    subscription = Subscription.objects.get()
    return HERE if subscription.unsubscribed_at is None else GONE, GONE if Suppression.objects.exists() else HERE


def test_leaving_and_its_undo_end_in_one_of_the_two(every_outcome):
    subscription = SubscriptionFactory()
    links = [link_of(subscription, "unsubscribe"), link_of(subscription, "resubscribe")]

    assert every_outcome(links, is_reader) == {((200, 200), (HERE, HERE)), ((200, 200), (GONE, GONE))}


@pytest.mark.proof
def test_leaving_twice_and_an_undo_end_in_one_of_the_two(every_outcome):
    subscription = SubscriptionFactory()
    leave, undo = link_of(subscription, "unsubscribe"), link_of(subscription, "resubscribe")

    # Statement by statement the three have a hundred times as many orders.
    found = every_outcome([leave, leave], is_reader, in_one_step=[undo])

    assert found == {((200, 200, 200), (HERE, HERE)), ((200, 200, 200), (GONE, GONE))}


def test_leaving_and_confirming_anew_end_in_one_of_the_two(every_outcome):
    subscription = SubscriptionFactory()
    links = [link_of(subscription, "unsubscribe"), confirm_link(subscription.user.email)]

    assert every_outcome(links, is_reader) == {((200, 200), (HERE, HERE)), ((200, 200), (GONE, GONE))}

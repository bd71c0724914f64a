"""
What two visitors of the newsletter do at once, in every order of their SQL statements.

tests/tokens/every_order.py says what this proves and what it does not; test_races.py has the threads.
"""

import logging

import pytest
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.test import RequestFactory
from django.urls import reverse

from apps.newsletter import referrals
from apps.newsletter.models import Invitation, Subscription
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.tokens.every_order import every_order
from tests.tokens.memory import in_memory, keep

GONE, HERE = "gone", "here"


@pytest.fixture
def every_outcome(db):
    """Posts to each of these addresses at once, and returns every outcome that some order has: statuses and facts."""
    if connection.vendor != "sqlite":
        pytest.skip("Orders are explored on SQLite.")
    handler = BaseHandler()
    handler.load_middleware()

    def post(url):
        request = RequestFactory().post(url)
        request._dont_enforce_csrf_checks = True
        return handler.get_response(request).status_code

    def explore(urls, facts):
        visitors = [lambda url=url: post(url) for url in urls]
        orders = [(sorted(played.answers.values()), facts()) for played in every_order(visitors, keep())]
        assert len(orders) > 1
        return {(tuple(statuses), found) for statuses, found in orders}

    logging.disable()
    with in_memory():
        yield explore
    logging.disable(logging.NOTSET)


def confirm_link(email="newcomer@example.com", **data):
    token = RequestToken.objects.create_token("newsletter.confirm", data={"email": email, **data})
    return token.tokenise(reverse("newsletter:confirm"))


def test_two_presses_on_one_confirm_link_make_one_reader(every_outcome):
    link = confirm_link()

    assert every_outcome([link, link], Subscription.objects.count) == {((200, 403), 1)}


def test_two_confirm_links_for_one_address_make_one_reader(every_outcome):
    links = [confirm_link(), confirm_link()]

    assert every_outcome(links, Subscription.objects.count) == {((200, 200), 1)}


@pytest.mark.proof
def test_two_newcomers_cannot_share_the_last_place_of_an_invitation(every_outcome):
    member = UserFactory()
    referrals.invite(member, name="Member", quota=1)
    links = [confirm_link(f"newcomer{number}@example.com", referrer=str(member.pk)) for number in (1, 2)]

    found = every_outcome(
        links, lambda: (Subscription.objects.filter(referrer=member).count(), Invitation.objects.get().confirmed)
    )

    assert found == {((200, 200), (1, 1))}

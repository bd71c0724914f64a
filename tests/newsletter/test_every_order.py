"""
What two visitors of the newsletter do at once, in every order of their SQL statements.

apps/tokens/tests/every_order.py says what this proves and what it does not; test_races.py has the threads.
"""

import logging

import pytest
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.test import RequestFactory
from django.urls import reverse

from apps.newsletter import referrals
from apps.newsletter.models import Invitation, Subscription
from apps.tokens.models import RequestToken
from apps.tokens.tests.every_order import every_order, pause
from apps.tokens.tests.memory import in_memory, keep
from tests.factories import UserFactory

GONE, HERE = "gone", "here"


@pytest.fixture
def every_outcome(db, record_property):
    """
    Posts to each of these addresses at once, and returns every outcome that some order has: statuses and facts.

    What is posted to ``in_one_step`` comes whole, between any two statements of the others.
    """
    if connection.vendor != "sqlite":
        pytest.skip("Orders are explored on SQLite.")
    handler = BaseHandler()
    handler.load_middleware()

    def post(url):
        request = RequestFactory().post(url)
        request._dont_enforce_csrf_checks = True
        return handler.get_response(request).status_code

    def explore(urls, facts, in_one_step=()):
        # One visitor for all who post to the same address, by which every_order knows them for alike.
        doing = {url: lambda url=url: post(url) for url in urls}
        visitors = [*[doing[url] for url in urls], *[lambda url=url: whole(url) for url in in_one_step]]
        orders = [(sorted(played.answers.values()), facts()) for played in every_order(visitors, keep())]
        record_property("orders of the newsletter explored", len(orders))
        assert len(orders) > 1
        return {(tuple(statuses), found) for statuses, found in orders}

    def whole(url):
        pause("all of it")
        with transaction.atomic():
            return post(url)

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

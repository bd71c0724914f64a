"""Real threads on a real database."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts import scopes
from apps.accounts.models import User
from apps.tokens.models import RequestToken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

THREADS = 8


def post_at_once(links):
    barrier = Barrier(len(links))

    def post(link):
        barrier.wait()
        try:
            answer = Client().post(link)
            return answer.status_code, answer.headers.get("Location")
        finally:
            connection.close()

    with ThreadPoolExecutor(len(links)) as pool:
        return Counter(pool.map(post, links))


def make_signup_link():
    token = RequestToken.objects.create_token(scope=scopes.SIGNUP, data={"email": "newcomer@example.com"})
    return token.tokenise(reverse("accounts:signup"))


def test_parallel_presses_on_one_sign_up_link_make_one_account():
    answers = post_at_once([make_signup_link()] * THREADS)

    assert answers == {(302, reverse("accounts:profile")): 1, (403, None): THREADS - 1}
    assert User.objects.count() == 1


def test_parallel_sign_up_links_for_one_address_make_one_account_and_sign_in_one():
    answers = post_at_once([make_signup_link() for _ in range(THREADS)])

    assert answers == {(302, reverse("accounts:profile")): 1, (302, reverse("accounts:login")): THREADS - 1}
    assert User.objects.count() == 1

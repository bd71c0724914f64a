from collections import Counter

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import scopes
from apps.accounts.models import User
from apps.tokens.models import RequestToken, RequestTokenLog
from tests.support.parallel import THREADS, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def post(link):
    answer = Client().post(link)
    return answer.status_code, answer.headers.get("Location")


def make_signup_link():
    token = RequestToken.objects.create_token(scope=scopes.SIGNUP, data={"email": "newcomer@example.com"})
    return token.tokenise(reverse("accounts:signup"))


def test_parallel_presses_on_one_sign_up_link_make_one_account():
    answers = Counter(at_once(post, [make_signup_link()] * THREADS))

    assert answers == {(303, reverse("accounts:profile")): 1, (403, None): THREADS - 1}
    assert Counter(RequestTokenLog.objects.values_list("reason", flat=True)) == {"admitted": 1, "used_up": THREADS - 1}
    assert User.objects.count() == 1


def test_parallel_sign_up_links_for_one_address_make_one_account_and_sign_in_one():
    answers = Counter(at_once(post, [make_signup_link() for _ in range(THREADS)]))

    assert answers == {(303, reverse("accounts:profile")): 1, (303, reverse("accounts:login")): THREADS - 1}
    assert User.objects.count() == 1

"""Twenty at once, ten rounds: real threads on a real database."""

from collections import Counter

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import asking, code, scopes
from apps.accounts.models import KnownBrowser, SignInRequest, User
from apps.tokens.models import RequestToken, RequestTokenLog
from tests.factories import UserFactory
from tests.support.parallel import ROUNDS, THREADS, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

PROFILE = reverse("accounts:profile")
LOGIN_LINK = reverse("accounts:login_link")


def post(link):
    answer = Client().post(link)
    return answer.status_code, answer.headers.get("Location")


def address_of(round_number):
    """Another in each round: on MariaDB those who insert what was deleted a moment ago wait for each other."""
    return f"newcomer@round{round_number}.example"


def make_signup_link(address):
    token = RequestToken.objects.create_token(scope=scopes.SIGNUP, data={"email": address})
    return token.tokenise(reverse("accounts:signup"))


def make_request(user=None):
    user = user or UserFactory()
    number = SignInRequest.objects.count()
    return SignInRequest.objects.create(token=asking.login_token(user), browser_digest=f"{number:064}")


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_presses_on_one_sign_in_link_sign_in_one(_round):
    link = asking.login_token(UserFactory()).tokenise(LOGIN_LINK)

    answers = Counter(at_once(post, [link] * THREADS))

    assert answers == {(303, PROFILE): 1, (403, None): THREADS - 1}
    assert KnownBrowser.objects.count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_presses_on_many_links_of_one_person_sign_in_one(_round):
    reader = UserFactory()
    links = [asking.login_token(reader).tokenise(LOGIN_LINK) for _ in range(THREADS)]

    answers = Counter(at_once(post, links))

    assert answers == {(303, PROFILE): 1, (403, None): THREADS - 1}


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_guesses_are_five(_round):
    """Threat: a guess for each of twenty requests at once."""
    asked = make_request()

    def guess(number):
        return code.is_right(asked, code.code_of(asked) if number == THREADS - 1 else "BBBB-BBBB")

    at_once(guess, range(THREADS))

    asked.refresh_from_db()
    assert asked.tries == code.TRIES
    assert not code.is_right(asked, code.code_of(asked))


@pytest.mark.parametrize("_round", ROUNDS)
def test_link_and_code_at_once_are_one_use(client, mailoutbox, _round):
    UserFactory(email="reader@example.com")
    client.post(reverse("accounts:login"), {"email": "reader@example.com"})
    asked = SignInRequest.objects.select_related("token").get()
    link, typed, cookies = asked.token.tokenise(LOGIN_LINK), code.code_of(asked), client.cookies

    def use(number):
        browser = Client()
        if number % 4:
            return browser.post(link).status_code
        browser.cookies = cookies
        return browser.post(reverse("accounts:enter_code"), {"code": typed}).status_code

    answers = Counter(at_once(use, range(THREADS)))

    assert answers == {303: 1, 403: THREADS - 1}


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_forms_for_one_mailbox_send_three_emails_at_most(mailoutbox, _round):
    """Threat: twenty forms at once, each of which reads a count that the others have not changed yet."""
    reader = UserFactory()

    def ask(number):
        return (
            Client(REMOTE_ADDR=f"192.0.2.{number}").post(reverse("accounts:login"), {"email": reader.email}).status_code
        )

    answers = Counter(at_once(ask, range(THREADS)))

    assert answers == {303: THREADS}
    assert 1 <= len(mailoutbox) <= 3
    assert SignInRequest.objects.filter(is_silent=False).count() == len(mailoutbox)
    assert SignInRequest.objects.count() == THREADS


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_accounts_cannot_move_to_one_address_at_once(_round):
    tokens = [
        RequestToken.objects.create_token(
            scope=scopes.CHANGE_ADDRESS,
            login_mode="Request",
            user=user,
            data={"email": address_of(_round), "old": user.email},
        )
        for user in UserFactory.create_batch(THREADS)
    ]

    answers = Counter(at_once(post, [token.tokenise(reverse("accounts:confirm_address")) for token in tokens]))

    assert answers == {(200, None): 1, (409, None): THREADS - 1}
    assert User.objects.filter(email=address_of(_round)).count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_presses_on_one_sign_up_link_make_one_account(_round):
    answers = Counter(at_once(post, [make_signup_link(address_of(_round))] * THREADS))

    assert answers == {(303, PROFILE): 1, (403, None): THREADS - 1}
    assert Counter(RequestTokenLog.objects.values_list("reason", flat=True)) == {"admitted": 1, "used_up": THREADS - 1}
    assert User.objects.count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_parallel_sign_up_links_for_one_address_make_one_account_and_sign_in_one(_round):
    answers = Counter(at_once(post, [make_signup_link(address_of(_round)) for _ in range(THREADS)]))

    assert answers == {(303, PROFILE): 1, (303, reverse("accounts:login")): THREADS - 1}
    assert User.objects.count() == 1

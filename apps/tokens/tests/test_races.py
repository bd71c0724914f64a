"""Real threads on a real database. TEST_DATABASE_URL repeats them on PostgreSQL or MariaDB."""

import contextlib
import threading
import time
from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client

from ..models import RequestToken

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]

VISITORS = 20
# One in the default run; those marked slow make it ten.
ROUNDS = [0, *(pytest.param(number, marks=pytest.mark.slow) for number in range(1, 10))]


def all_at_once(visit):
    """The answers of twenty visitors who start at the same moment."""
    barrier, answers = threading.Barrier(VISITORS), []

    def run():
        client = Client(raise_request_exception=False)
        barrier.wait()
        answers.append(visit(client).status_code)
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers)


@pytest.mark.parametrize("round_", ROUNDS)
def test_two_clicks_cannot_share_the_last_use(request_token, round_):
    link = request_token.tokenise("/optional/")

    answers = all_at_once(lambda client: client.get(link))

    assert answers == {200: 1, 403: VISITORS - 1}
    assert RequestToken.objects.get().used_to_date == 1
    assert Counter(request_token.logs.values_list("reason", flat=True)) == {"admitted": 1, "used_up": VISITORS - 1}


@pytest.mark.parametrize("round_", ROUNDS)
def test_two_clicks_cannot_share_a_sign_in(session_token, round_):
    link = session_token.tokenise("/optional/")

    answers = all_at_once(lambda client: client.post(link))

    assert answers == {200: 1, 403: VISITORS - 1}


def test_no_use_is_lost_when_all_are_counted(make_token):
    token = make_token(max_uses=None)
    link = token.tokenise("/optional/")

    answers = all_at_once(lambda client: client.get(link))

    assert answers == {200: VISITORS}
    assert RequestToken.objects.get().used_to_date == VISITORS


def test_uses_that_are_given_back_are_counted_right(make_token):
    token = make_token(max_uses=None)
    link = token.tokenise("/raises/")

    answers = all_at_once(lambda client: client.get(link))

    assert answers == {500: VISITORS}
    assert RequestToken.objects.get().used_to_date == 0


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_limit_of_seven_lets_seven_in(make_token, round_):
    link = make_token(max_uses=7).tokenise("/optional/")

    answers = all_at_once(lambda client: client.get(link))

    assert answers == {200: 7, 403: VISITORS - 7}


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_link_that_is_revoked_while_it_is_used_lets_nobody_in_afterwards(make_token, round_):
    token = make_token(max_uses=None)
    link, is_in_use, revoked_at, clicks = token.tokenise("/optional/"), threading.Event(), [], []

    def click(client):
        begun_at = time.perf_counter()
        answer = client.get(link)
        clicks.append((begun_at, answer.status_code))
        is_in_use.set()
        return answer

    def revoke():
        is_in_use.wait(30)
        token.revoke()
        revoked_at.append(time.perf_counter())
        connections.close_all()

    revoker = threading.Thread(target=revoke)
    revoker.start()
    all_at_once(lambda client: [click(client) for _ in range(4)][-1])
    revoker.join()
    click(Client())

    answers = Counter(status for _, status in clicks)
    assert {status for begun_at, status in clicks if begun_at > revoked_at[0]} == {403}
    assert answers[200] + answers[403] == 4 * VISITORS + 1
    assert RequestToken.objects.get().used_to_date == token.logs.filter(reason="admitted").count() == answers[200] >= 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_every_link_opens_while_the_key_is_changed_under_it(make_token, settings, round_):
    former_key, is_in_use, opened = settings.SECRET_KEY, threading.Event(), []
    links = iter([make_token().tokenise("/optional/") for _ in range(VISITORS)])
    tokens = iter([make_token() for _ in range(VISITORS)])

    def visit(client):
        opened.append(client.get(next(links)).status_code)
        is_in_use.set()
        # Signed by whichever key signs by now.
        return client.get(next(tokens).tokenise("/optional/"))

    def change_key():
        is_in_use.wait(30)
        settings.SECRET_KEY_FALLBACKS = [former_key]
        settings.SECRET_KEY = "another key, " + "x" * 50

    changer = threading.Thread(target=change_key)
    changer.start()
    answers = all_at_once(visit)
    changer.join()

    assert opened == [200] * VISITORS
    assert answers == {200: VISITORS}


@pytest.mark.parametrize("round_", ROUNDS)
def test_of_many_links_of_one_person_one_signs_in_and_ends_the_others(make_token, user, round_):
    links = iter([make_token(login_mode="Session", user=user).tokenise("/optional/") for _ in range(VISITORS)])

    answers = all_at_once(lambda client: client.post(next(links)))

    assert answers == {200: 1, 403: VISITORS - 1}
    assert RequestToken.objects.filter(used_to_date=1).count() == 1
    assert RequestToken.objects.filter(revoked_reason="superseded").count() == VISITORS - 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_an_account_that_is_deleted_while_it_signs_in_is_no_error(session_token, user, round_):
    link, first = session_token.tokenise("/answers/204/"), iter([True])

    def visit(client):
        if not next(first, False):
            return client.post(link)
        # Django collects what it deletes: a click that is put on record meanwhile makes it give up.
        with contextlib.suppress(IntegrityError):
            user.delete()
        return client.get("/optional/")

    assert set(all_at_once(visit)) <= {200, 204, 403}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_active": False}, "inactive_user"),
        ({"password": "another"}, "user_changed"),
        ({"email": "moved@example.com"}, "user_changed"),
    ],
    ids=["closed", "password", "address"],
)
def test_a_sign_in_that_waits_for_a_change_of_its_account_is_a_refusal(session_token, user, change, code):
    link, has_looked, codes = session_token.tokenise("/optional/"), threading.Event(), []

    def tell(execute, sql, params, many, context):
        if not sql.startswith("SELECT"):
            has_looked.set()
        return execute(sql, params, many, context)

    def run():
        with connection.execute_wrapper(tell):
            codes.append(Client().post(link).context["error"].code)
        connections.close_all()

    visitor = threading.Thread(target=run)
    with transaction.atomic():
        get_user_model().objects.filter(pk=user.pk).update(**change)
        visitor.start()
        assert has_looked.wait(30)
    visitor.join()

    assert codes == [code]

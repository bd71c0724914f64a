"""Real threads on a real database. TEST_DATABASE_URL repeats them on PostgreSQL or MariaDB."""

import contextlib
import threading
from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client

from ..models import RequestToken

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]

VISITORS = 20


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


@pytest.mark.parametrize("round_", range(5))
def test_two_clicks_cannot_share_the_last_use(request_token, round_):
    link = request_token.tokenise("/optional/")

    answers = all_at_once(lambda client: client.get(link))

    assert answers == {200: 1, 403: VISITORS - 1}
    assert RequestToken.objects.get().used_to_date == 1
    assert Counter(request_token.logs.values_list("reason", flat=True)) == {"admitted": 1, "used_up": VISITORS - 1}


def test_two_clicks_cannot_share_a_sign_in(session_token):
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


def test_a_limit_of_seven_lets_seven_in(make_token):
    link = make_token(max_uses=7).tokenise("/optional/")

    answers = all_at_once(lambda client: client.get(link))

    assert answers == {200: 7, 403: VISITORS - 7}


@pytest.mark.parametrize("round_", range(3))
def test_of_many_links_of_one_person_one_signs_in_and_ends_the_others(make_token, user, round_):
    links = iter([make_token(login_mode="Session", user=user).tokenise("/optional/") for _ in range(VISITORS)])

    answers = all_at_once(lambda client: client.post(next(links)))

    assert answers == {200: 1, 403: VISITORS - 1}
    assert RequestToken.objects.filter(used_to_date=1).count() == 1
    assert RequestToken.objects.filter(revoked_reason="superseded").count() == VISITORS - 1


@pytest.mark.parametrize("round_", range(3))
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

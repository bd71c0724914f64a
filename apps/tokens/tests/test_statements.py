"""Statements written beforehand do what the ORM would do, on every database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from .. import statements
from ..models import RequestToken, RequestTokenLog

pytestmark = pytest.mark.databases


@pytest.fixture
def executed():
    """Every statement of the test as it is given to the database, in order."""
    found = []

    def collect(execute, sql, params, many, context):
        found.append((sql.replace("(%s)", "%s"), list(params or ())))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(collect):
        yield found


def test_the_row_that_is_read_is_the_orms(make_token, user):
    moment = now().replace(microsecond=123456)
    pk = make_token(
        login_mode="Request", user=user, data={"a": [1, "ä", None]}, not_before_time=moment, expiration_time=moment
    ).pk

    ours, orms = statements.read("default", pk), RequestToken.objects.select_related("user").get(pk=pk)

    assert fields(ours) == fields(orms)
    assert fields(ours.user) == fields(orms.user)
    assert (ours._state.db, ours._state.adding) == ("default", False)


def test_a_token_without_a_user_is_read_without_one(make_token, django_assert_num_queries):
    pk = make_token().pk

    with django_assert_num_queries(1):
        assert statements.read("default", str(pk)).user is None


def test_a_row_that_is_not_there_is_read_as_none(db):
    assert statements.read("default", 1) is None


def test_reading_runs_the_statement_of_the_orm(make_token, executed):
    pk = make_token().pk
    executed.clear()

    statements.read("default", pk)
    list(RequestToken.objects.select_related("user").filter(pk=pk))

    assert executed[0] == executed[1]


def test_taking_a_use_runs_the_statement_of_the_orm(make_token, executed, monkeypatch):
    pk, moment = make_token(max_uses=5).pk, now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    executed.clear()

    statements.take_use("default", pk, moment)
    RequestToken.objects.take_use(pk)

    assert executed[0] == executed[1]
    assert RequestToken.objects.get().used_to_date == 2


@pytest.mark.parametrize(
    ("row", "is_taken"),
    [
        ({"max_uses": None, "used_to_date": 7}, True),
        ({"max_uses": 8, "used_to_date": 7}, True),
        ({"max_uses": 7, "used_to_date": 7}, False),
        ({"expiration_time": now() + timedelta(hours=1)}, True),
        ({"expiration_time": now() - timedelta(hours=1)}, False),
        ({"revoked_at": now()}, False),
    ],
    ids=["no limit", "one left", "none left", "not expired", "expired", "revoked"],
)
def test_a_use_is_taken_where_one_is_left(make_token, row, is_taken):
    token = make_token(**row)

    assert statements.take_use("default", token.pk, now()) is is_taken
    assert RequestToken.objects.get().used_to_date == token.used_to_date + is_taken


def test_the_same_statement_takes_another_clock(make_token):
    token = make_token(max_uses=None, expiration_time=now() + timedelta(hours=1))

    assert statements.take_use("default", token.pk, now())
    assert not statements.take_use("default", token.pk, now() + timedelta(hours=2))


@pytest.mark.parametrize("address", [None, "192.0.2.7", "2001:db8::1"])
def test_the_log_row_that_is_written_is_the_orms(make_token, user, address):
    row = {
        "reason": "admitted",
        "status_code": None if address is None else 200,
        "method": "GET",
        "client_ip": address,
        "user_agent": "ä \U0001f511",
        "timestamp": now(),
    }
    token = make_token()

    statements.write_log("default", token=token.pk, user=user.pk, **row)
    RequestTokenLog.objects.create(token=token, user=user, **row)

    ours, orms = RequestTokenLog.objects.order_by("pk")
    assert {**fields(ours), "id": None} == {**fields(orms), "id": None}


def test_no_log_row_is_written_for_a_token_that_is_gone(db):
    write(token=1, user=None)

    assert not RequestTokenLog.objects.exists()


def test_a_log_row_is_written_without_a_user_who_is_gone(make_token, user):
    pk = user.pk
    user.delete()

    write(token=make_token().pk, user=pk)

    assert RequestTokenLog.objects.get().user is None


@pytest.mark.django_db(transaction=True)
def test_execute_wrappers_see_the_three_statements(client, make_token, executed):
    link = make_token().tokenise("/optional/")
    executed.clear()

    client.get(link)

    assert [sql.split()[0] for sql, _ in executed] == ["SELECT", "UPDATE", "INSERT"]


def write(**keys):
    row = {"reason": "admitted", "status_code": 200, "method": "GET", "client_ip": None, "user_agent": ""}
    statements.write_log("default", timestamp=now(), **row, **keys)


def fields(instance):
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}

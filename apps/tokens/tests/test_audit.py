import logging

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.timezone import now

from ..models import RequestToken, RequestTokenLog
from . import any_path, urls
from .support import APP, PAST


def test_an_admitted_use_is_on_record(client, request_token):
    client.get(request_token.tokenise("/answers/204/"), REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Reader/1.0"})

    row = request_token.logs.get()
    assert (row.reason, row.status_code, row.method) == ("admitted", 204, "GET")
    assert (row.client_ip, row.user_agent) == ("192.0.2.7", "Reader/1.0")


def test_a_refusal_is_on_record(client, request_token):
    request_token.revoke()

    client.post(request_token.tokenise("/optional/"))

    row = request_token.logs.get()
    assert (row.reason, row.status_code, row.method) == ("revoked", 403, "POST")


def test_an_expired_link_is_on_record(client, make_token):
    token = make_token(expiration_time=PAST)

    client.get(token.tokenise("/optional/"))

    assert token.logs.get().reason == "expired"


def test_showing_the_confirm_page_is_no_decision(client, request_token):
    client.get(request_token.tokenise("/asks/"))

    assert not request_token.logs.exists()


def test_records_can_be_switched_off_while_uses_still_count(client, request_token, settings):
    settings.REQUEST_TOKEN_DISABLE_LOGS = True

    client.get(request_token.tokenise("/optional/"))

    assert not RequestTokenLog.objects.exists()
    assert RequestToken.objects.get().used_to_date == 1


def test_nobody_chooses_the_address_that_goes_on_record(client, request_token):
    client.get(request_token.tokenise("/optional/"), headers={"X-Forwarded-For": "203.0.113.9"})

    assert request_token.logs.get().client_ip == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "stored"),
    [("", None), ("unix:", None), ("2001:db8::1", "2001:db8::1"), ("fe80::1%" + "x" * 40, "fe80::1")],
)
def test_odd_addresses_do_no_harm(client, request_token, address, stored):
    client.get(request_token.tokenise("/optional/"), REMOTE_ADDR=address)

    assert request_token.logs.get().client_ip == stored


@pytest.mark.databases
@pytest.mark.parametrize("agent", ["", "x" * 10_000, "nul\0", "emoji \U0001f511", "caf\xe9"], ids=ascii)
def test_odd_user_agents_do_no_harm(client, request_token, agent):
    client.get(request_token.tokenise("/optional/"), HTTP_USER_AGENT=agent)

    assert len(request_token.logs.get().user_agent) <= 500


def test_a_refusal_is_one_line_of_keys_and_values(client, request_token, caplog):
    request_token.revoke()

    client.get(request_token.tokenise("/optional/"))

    [record] = [record for record in caplog.records if record.name.startswith(APP)]
    assert record.getMessage() == f"refused reason=revoked token={request_token.pk} method=GET path=/optional/"
    assert record.levelname == "WARNING"


def test_a_forged_second_line_stays_in_the_first(client, db, caplog, settings):
    settings.ROOT_URLCONF = any_path.__name__

    client.get("/%0Arefused%20reason=none/?rt=x%0Aforged")

    [line] = [record.getMessage() for record in caplog.records if record.name.startswith(APP)]
    assert line.endswith("path=/%0Arefused%20reason%3Dnone/")


def test_a_member_who_was_asked_for_is_on_record(client, request_token, user):
    client.force_login(user)

    client.get(request_token.tokenise("/optional/"))

    assert request_token.logs.get().user == user


def test_nobody_is_asked_for_to_be_put_on_record(client, make_token, user):
    client.force_login(user)
    token = make_token()

    client.get(token.tokenise("/answers/204/"))

    assert token.logs.get().user is None


def test_the_record_stays_when_the_member_goes(client, make_token, user):
    client.force_login(user)
    token = make_token()
    client.get(token.tokenise("/optional/"))

    user.delete()

    assert token.logs.get().user is None


@pytest.mark.parametrize(("used_before", "is_recorded"), [(0, True), (99, True), (100, False), (199, True)])
def test_of_many_uses_the_first_hundred_and_then_every_hundredth_are_on_record(
    client, make_token, used_before, is_recorded
):
    token = make_token(max_uses=None, used_to_date=used_before)

    client.get(token.tokenise("/optional/"))

    assert token.logs.exists() is is_recorded


def test_twenty_refusals_an_hour_are_on_record(client, request_token):
    request_token.revoke()
    RequestTokenLog.objects.bulk_create(
        RequestTokenLog(token=request_token, reason="revoked", method="GET") for _ in range(19)
    )

    for _ in range(2):
        client.get(request_token.tokenise("/optional/"))

    assert request_token.logs.count() == 20


def test_refusals_of_another_hour_or_another_token_do_not_count(client, request_token, make_token):
    request_token.revoke()
    RequestTokenLog.objects.bulk_create(
        RequestTokenLog(token=token, reason="revoked", method="GET", timestamp=timestamp)
        for token, timestamp in [(request_token, PAST), (make_token(), now())]
        for _ in range(20)
    )

    client.get(request_token.tokenise("/optional/"))

    assert request_token.logs.count() == 21


# A record never costs the deed


LOG_TABLE = RequestTokenLog._meta.db_table
REFUSING_TRIGGER = {
    "sqlite": [
        f"CREATE TRIGGER refuse BEFORE INSERT ON {LOG_TABLE} BEGIN SELECT RAISE(ABORT, 'full'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'full'; END$$",
        f"CREATE TRIGGER refuse BEFORE INSERT ON {LOG_TABLE} FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
    "mysql": [
        f"CREATE TRIGGER refuse BEFORE INSERT ON {LOG_TABLE}"
        " FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'full'"
    ],
}


@pytest.fixture
def log_that_takes_no_row(transactional_db):
    with connection.cursor() as cursor:
        for sql in REFUSING_TRIGGER[connection.vendor]:
            cursor.execute(sql)
        yield
        on_table = f" ON {LOG_TABLE}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER refuse{on_table}")
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION refuse()")


@pytest.fixture(params=["in autocommit", "in a transaction"])
def around(request, settings):
    if request.param == "in a transaction":
        settings.MIDDLEWARE = [f"{urls.__name__}.atomic_middleware", *settings.MIDDLEWARE]


@pytest.mark.databases
@pytest.mark.parametrize("token", ["request_token", "session_token"])
def test_a_log_row_that_cannot_be_written_costs_nobody_the_deed(
    log_that_takes_no_row, around, client, token, user, request, caplog
):
    token = request.getfixturevalue(token)

    response = client.post(token.tokenise("/optional/"))

    assert response.json()["user"] == user.email
    assert RequestToken.objects.get().used_to_date == 1
    [error] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert error.startswith(f"could not record token={token.pk} reason=admitted")


@pytest.mark.databases
def test_a_refusal_that_cannot_be_recorded_is_still_the_page(log_that_takes_no_row, around, client, request_token):
    request_token.revoke()

    response = client.get(request_token.tokenise("/optional/"))

    assert response.status_code == 403
    assert response.context["error"].code == "revoked"


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/deletes-the-token/", "/deletes-the-user/", "/deletes-the-tokens/"])
def test_a_view_may_delete_what_its_token_stands_for(client, around, request_token, path):
    assert client.get(request_token.tokenise(path)).text == "deleted"

    assert not RequestToken.objects.exists()
    assert not RequestTokenLog.objects.exists()
    assert get_user_model().objects.exists() is (path != "/deletes-the-user/")


@pytest.mark.databases
@pytest.mark.parametrize("path", ["/deletes-the-token/", "/deletes-the-user/", "/deletes-the-tokens/"])
def test_a_plain_test_case_of_such_a_view_is_whole(client, request_token, path):
    """Its transaction is checked for keys that point nowhere when it ends."""
    client.get(request_token.tokenise(path))

    connection.check_constraints()
    assert not RequestToken.objects.exists()


@pytest.mark.parametrize("path", ["/optional/", "/undeclared/", "/straight/", "/asks/", "/required/", "/answers/500/"])
def test_no_log_line_holds_a_token(crashing_client, request_token, session_token, caplog, path):
    caplog.set_level(logging.DEBUG)
    jwts = [request_token.jwt(), session_token.jwt()]

    for jwt in [*jwts, *jwts, jwts[0][:-2]]:
        crashing_client.get(path, {"rt": jwt})
        crashing_client.post(path, {"rt": jwt})

    signatures = [jwt.split(".")[2][:-2] for jwt in jwts]
    assert caplog.records
    assert not [s for s in signatures for record in caplog.records if s in record.getMessage()]

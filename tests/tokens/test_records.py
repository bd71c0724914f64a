import logging

import pytest

from apps.tokens.models import RequestToken, RequestTokenLog
from tests.tokens.support import PAST


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

    [record] = [record for record in caplog.records if record.name.startswith("apps.tokens")]
    assert record.getMessage() == f"refused reason=revoked token={request_token.pk} method=GET path=/optional/"
    assert record.levelname == "WARNING"


def test_a_forged_second_line_stays_in_the_first(client, db, caplog, settings):
    settings.ROOT_URLCONF = "tests.tokens.any_path"

    client.get("/%0Arefused%20reason=none/?rt=x%0Aforged")

    [line] = [record.getMessage() for record in caplog.records if record.name.startswith("apps.tokens")]
    assert line.endswith("path=/%0Arefused%20reason%3Dnone/")


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

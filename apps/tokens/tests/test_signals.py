import pytest
from django.db import connection, transaction

from ..models import RequestToken
from ..signals import token_admitted, token_refused


@pytest.fixture
def listen():
    """Have a function called for both signals."""
    receivers = []

    def connect(receiver):
        receivers.append(receiver)
        for signal in (token_admitted, token_refused):
            signal.connect(receiver, weak=False)

    yield connect
    for receiver in receivers:
        for signal in (token_admitted, token_refused):
            signal.disconnect(receiver)


@pytest.fixture
def heard(listen):
    heard = []
    listen(lambda **news: heard.append(news))
    return heard


def test_an_admitted_use_is_heard_of(client, request_token, heard):
    client.get(request_token.tokenise("/answers/204/"))

    [news] = heard
    assert news["signal"] is token_admitted
    assert (news["token"], news["status_code"], news["is_kept"]) == (request_token, 204, True)
    assert news["request"].path == "/answers/204/"


def test_a_use_that_was_given_back_is_heard_of(client, request_token, heard):
    client.get(request_token.tokenise("/answers/404/"))

    assert [(news["status_code"], news["is_kept"]) for news in heard] == [(404, False)]


@pytest.mark.parametrize("path", ["/optional/", "/admits/", "/undeclared/"])
def test_a_refusal_is_heard_of_once(client, request_token, heard, path):
    request_token.revoke()

    client.get(request_token.tokenise(path))

    [news] = heard
    assert news["signal"] is token_refused
    assert (news["token"], news["error"].code, news["status_code"]) == (request_token, "revoked", 403)


@pytest.mark.parametrize("path", ["/optional/", "/admits/", "/undeclared/"])
def test_a_forged_link_is_heard_of_once_and_without_a_token(client, db, heard, path):
    client.get(path, {"rt": "x.y.z"})

    assert [(news["token"], news["error"].code) for news in heard] == [(None, "invalid")]


def test_what_a_receiver_raises_costs_the_visitor_nothing(client, request_token, listen, heard, caplog):
    def fail(**news):
        raise RuntimeError("a receiver's own mistake")

    listen(fail)

    response = client.get(request_token.tokenise("/optional/"))

    assert response.json()["ran"]
    assert RequestToken.objects.get().used_to_date == 1
    assert len(heard) == 1
    assert "a receiver's own mistake" in caplog.text


@pytest.mark.databases
def test_a_query_of_a_receiver_that_fails_breaks_no_transaction(client, request_token, listen):
    def fail(**news):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    listen(fail)

    with transaction.atomic():
        response = client.get(request_token.tokenise("/optional/"))
        used = RequestToken.objects.get().used_to_date

    assert (response.json()["ran"], used) == (True, 1)
    assert request_token.logs.count() == 1

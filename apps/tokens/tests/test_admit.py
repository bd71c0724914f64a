"""``admit``: the same decision for code that no decorator can reach."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import AsyncClient

from ..models import RequestToken
from .support import refusal


def uses():
    return RequestToken.objects.get().used_to_date


def test_the_block_acts_as_the_tokens_user_and_no_other_code(client, request_token, user):
    response = client.get(request_token.tokenise("/admits/"))

    assert (response.json()["user"], response.json()["token"]) == (user.email, request_token.pk)
    assert response.headers["X-Restored"] == "True"


def test_a_use_in_a_block_is_counted_and_on_record(client, request_token):
    link = request_token.tokenise("/admits/")

    assert client.get(link).status_code == 200
    assert refusal(client.get(link)) == "used_up"
    assert list(request_token.logs.order_by("pk").values_list("reason", flat=True)) == ["admitted", "used_up"]


def test_a_block_that_raises_gives_the_use_back(crashing_client, request_token):
    assert crashing_client.get(request_token.tokenise("/admits/?raise")).status_code == 500

    assert uses() == 0


def test_a_block_can_release_the_use(client, request_token):
    client.get(request_token.tokenise("/admits/?release"))

    assert uses() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases
def test_a_use_is_given_back_before_a_surrounding_transaction_ends(client, request_token):
    assert client.get(request_token.tokenise("/admits-within-a-transaction/")).text == "0"
    assert uses() == 0


def test_without_a_token_the_block_runs_where_none_is_required(client, db):
    assert client.get("/admits/").json()["token"] is None
    assert refusal(client.get("/admits/?required")) == "missing"


def test_a_token_in_the_body_is_found_and_the_answer_kept_private(client, request_token, user):
    response = client.post("/admits/", {"rt": request_token.jwt()})

    assert response.json()["user"] == user.email
    assert response.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_request_that_is_no_visit_is_refused(client, request_token, method):
    assert client.generic(method, request_token.tokenise("/admits/")).status_code == 403
    assert request_token.logs.get().reason == "method"
    assert uses() == 0


def test_a_session_token_is_admitted_by_post_only(client, session_token, user):
    link = session_token.tokenise("/admits/")

    assert refusal(client.get(link)) == "method"
    assert client.post(link).json()["user"] == user.email
    assert client.get("/undeclared/").json()["user"] == user.email


def test_a_block_that_raises_signs_nobody_in(crashing_client, session_token):
    crashing_client.post(session_token.tokenise("/admits/?raise"))

    assert crashing_client.get("/undeclared/").json()["user"] is None
    assert uses() == 0


def test_a_refusal_is_on_record_once(client, session_token, caplog):
    client.get(session_token.tokenise("/admits/"))

    assert session_token.logs.count() == 1
    assert len([record for record in caplog.records if "reason=method" in record.getMessage()]) == 1


def test_a_row_found_by_other_means_is_admitted_by_the_same_rules(client, session_token, user, make_token):
    path = f"/admits-a-row/{session_token.pk}/"

    assert client.post(path).json()["user"] == user.email
    assert refusal(client.post(path)) == "used_up"
    assert refusal(client.post(f"/admits-a-row/{make_token(scope='other').pk}/")) == "scope"


@pytest.mark.django_db(transaction=True)
def test_an_async_block_does_the_same(request_token, user):
    async def visit():
        try:
            return await AsyncClient().get(request_token.tokenise("/admits-async/"))
        finally:
            await sync_to_async(connections.close_all)()

    assert asyncio.run(visit()).json()["user"] == user.email
    assert uses() == 1


@pytest.mark.django_db(transaction=True)
def test_a_visitor_who_hangs_up_before_an_async_block_begins_has_used_nothing(request_token):
    has_left = threading.Event()

    async def visit():
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def hang_up(execute, sql, params, many, context):
            if sql.startswith("UPDATE") and not has_left.is_set():
                loop.call_soon_threadsafe(task.cancel)
                loop.call_soon_threadsafe(has_left.set)
                has_left.wait(30)
            return execute(sql, params, many, context)

        await sync_to_async(lambda: connection.execute_wrappers.append(hang_up))()
        try:
            await AsyncClient().get(request_token.tokenise("/admits-async/"))
        finally:
            await sync_to_async(connections.close_all)()
            await sync_to_async(connection.execute_wrappers.clear)()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(visit())

    assert has_left.is_set()
    assert uses() == 0
    assert request_token.logs.get().reason == "admitted"

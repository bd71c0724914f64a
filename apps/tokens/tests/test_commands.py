"""token_views, revoke_tokens and prune_request_tokens."""

from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from ..models import RequestToken, RequestTokenLog
from .sample.models import Keepsake
from .support import FUTURE, PAST, run

LONG_AGO = now() - timedelta(days=100)


def test_every_view_that_takes_tokens_is_listed_with_its_rules_and_its_line():
    told = run("token_views")

    entry = told[told.index("/any-session/\n") :].splitlines()[:3]
    assert entry[1] == "    RequestToken scope='test' ignore_session=True"
    assert "urls.py:" in entry[2]
    assert "/undeclared/" not in told


def test_views_below_an_include_are_listed_with_their_whole_address(settings):
    settings.ROOT_URLCONF = f"{__package__}.included"

    assert "/below/<int:pk>/optional/" in run("token_views")


@pytest.fixture
def three(make_token, user, stranger):
    mode = RequestToken.LOGIN_MODE_REQUEST
    make_token(scope="other", login_mode=mode, user=user)
    make_token(login_mode=mode, user=user, issued_at=LONG_AGO)
    make_token(login_mode=mode, user=stranger)


@pytest.mark.parametrize(
    ("args", "revoked"),
    [
        (["--user=reader@example.com"], 2),
        (["--scope=test"], 2),
        (["--scope=test", "--user=reader@example.com"], 1),
        (["--issued-before", f"{LONG_AGO + timedelta(days=1):%Y-%m-%d}"], 1),
        (["--issued-before", LONG_AGO.isoformat()], 0),
        (["--issued-before=2999-12-31T23:59"], 3),
    ],
    ids=["user", "scope", "both", "by day", "by moment", "by time of day"],
)
def test_tokens_are_revoked_by_user_scope_and_time(three, args, revoked):
    assert run("revoke_tokens", *args) == f"Tokens revoked: {revoked}.\n"
    assert RequestToken.objects.exclude(revoked_at=None).count() == revoked


@pytest.mark.parametrize(
    "args", [[], ["--user=nobody@example.com"], ["--issued-before=soon"], ["--issued-before=2030-13-41"]]
)
def test_without_a_sensible_choice_nothing_is_revoked(three, args):
    with pytest.raises(CommandError):
        run("revoke_tokens", *args)

    assert not RequestToken.objects.exclude(revoked_at=None).exists()


def test_what_was_revoked_before_is_not_counted(three):
    run("revoke_tokens", "--scope=other")

    assert run("revoke_tokens", "--user=reader@example.com") == "Tokens revoked: 1.\n"


ENDED = [
    {"expiration_time": LONG_AGO},
    {"revoked_at": LONG_AGO},
    {"used_to_date": 1, "last_used_at": LONG_AGO},
]
ALIVE = [
    {},
    {"expiration_time": PAST},
    {"expiration_time": FUTURE, "issued_at": LONG_AGO},
    {"revoked_at": PAST},
    {"used_to_date": 1, "last_used_at": PAST},
    {"max_uses": None, "used_to_date": 5, "last_used_at": LONG_AGO, "issued_at": LONG_AGO},
    {"max_uses": 2, "used_to_date": 1, "last_used_at": LONG_AGO},
]


@pytest.mark.databases
def test_tokens_that_ended_long_ago_are_deleted_and_all_others_stay(make_token):
    for fields in ENDED:
        make_token(**fields)
    alive = {make_token(**fields) for fields in ALIVE}

    assert run("prune_request_tokens") == "Tokens deleted: 3. Rows of history deleted: 0.\n"
    assert set(RequestToken.objects.all()) == alive


def test_old_history_is_deleted_with_what_still_works(make_token):
    token = make_token(max_uses=None)
    token.logs.create(reason="admitted", method="GET", timestamp=LONG_AGO)
    kept = token.logs.create(reason="admitted", method="GET")

    assert run("prune_request_tokens", "--days=30") == "Tokens deleted: 0. Rows of history deleted: 1.\n"
    assert RequestTokenLog.objects.get() == kept


def test_days_say_what_is_old(make_token):
    make_token(expiration_time=now() - timedelta(days=10))

    run("prune_request_tokens", "--days=11")
    assert RequestToken.objects.exists()

    run("prune_request_tokens", "--days=9")
    assert not RequestToken.objects.exists()


def test_a_row_that_refers_to_a_token_keeps_it(make_token):
    token = make_token(expiration_time=LONG_AGO)
    Keepsake.objects.create(token=token)

    run("prune_request_tokens")

    assert Keepsake.objects.get().token == token


@pytest.mark.databases
def test_pruning_deletes_in_batches(make_token):
    for _ in range(5):
        make_token(expiration_time=LONG_AGO).logs.create(reason="expired", method="GET", timestamp=LONG_AGO)

    with CaptureQueriesContext(connection) as queries:
        told = run("prune_request_tokens", "--batch=2")

    table = connection.ops.quote_name(RequestToken._meta.db_table)
    deletes = [query for query in queries if query["sql"].startswith(f"DELETE FROM {table}")]
    assert told == "Tokens deleted: 5. Rows of history deleted: 5.\n"
    assert len(deletes) == 3
    assert not RequestToken.objects.exists()


@pytest.mark.parametrize(
    "args", [["--days=-1"], ["--days=x"], ["--batch=0"], ["--batch=1e9"], ["--days=1000000"]], ids=str
)
def test_without_a_sensible_number_nothing_is_deleted(make_token, args):
    make_token(expiration_time=LONG_AGO)

    with pytest.raises(CommandError):
        run("prune_request_tokens", *args)

    assert RequestToken.objects.exists()

"""The links that django-request-token has sent, after its rows were imported."""

import datetime as dt
import io
import json

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from ..ancestor import check_settings_of_ancestor
from ..models import RequestToken
from .support import refusal

ISSUED = dt.datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=dt.timezone.utc)
BEFORE = dt.timedelta(hours=1)

# Tables, times and ids differ between databases.
pytestmark = pytest.mark.databases


@pytest.fixture(autouse=True)
def until_tomorrow(settings):
    settings.REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL = timezone.now().date() + dt.timedelta(days=1)


@pytest.fixture
def table(transactional_db):
    """Its table, as its migrations leave it."""
    time = {"postgresql": "timestamptz", "mysql": "datetime(6)", "sqlite": "datetime"}[connection.vendor]
    key = RequestToken._meta.get_field("user").db_type(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE request_token_requesttoken (id integer PRIMARY KEY, login_mode varchar(10),"
            f" scope varchar(100), user_id {key} NULL, expiration_time {time} NULL, not_before_time {time} NULL,"
            f" data text NULL, issued_at {time} NULL, max_uses integer, used_to_date integer)"
        )
        yield
        cursor.execute("DROP TABLE request_token_requesttoken")


@pytest.fixture
def send(table, settings):
    """Writes a row of the ancestor's and returns the link it has sent for it."""

    def send(
        pk=7,
        *,
        mode="Request",
        user=None,
        scope="test",
        data='{"n": 1}',
        issued=ISSUED,
        expires=None,
        max_uses=10,
        used=0,
        key=None,
        **claims,
    ):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO request_token_requesttoken (id, login_mode, scope, user_id, expiration_time, data,"
                " issued_at, max_uses, used_to_date) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    pk,
                    mode,
                    scope,
                    user and RequestToken._meta.get_field("user").get_db_prep_value(user.pk, connection),
                    connection.ops.adapt_datetimefield_value(expires),
                    data,
                    connection.ops.adapt_datetimefield_value(issued),
                    max_uses,
                    used,
                ],
            )
        claims = {
            "max": max_uses,
            "sub": scope,
            "mod": mode[0].lower(),
            "jti": str(pk),
            "iat": issued and int(issued.timestamp()),
            "aud": user and str(user.pk),
            "exp": expires and int(expires.timestamp()),
            **claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return "/optional/?rt=" + jwt.encode(claims, key or settings.SECRET_KEY)

    return send


def run_import():
    out = io.StringIO()
    call_command("import_request_tokens", stdout=out)
    return out.getvalue()


def test_a_link_already_sent_acts_as_its_user_with_its_payload(client, send, user):
    link = send(user=user)

    run_import()

    response = client.get(link)
    assert (response.status_code, response.json()["user"]) == (200, user.email)
    token = RequestToken.objects.get()
    assert (token.pk, token.data, token.max_uses, token.used_to_date) == (7, {"n": 1}, 10, 1)


@pytest.mark.parametrize("of_somebody", [True, False])
def test_a_link_that_signs_nobody_in_works_whoever_it_was_made_for(client, send, user, of_somebody):
    link = send(mode="None", user=user if of_somebody else None, data=None)

    run_import()

    assert client.get(link).status_code == 200
    token = RequestToken.objects.get()
    assert (token.user, token.data) == (None, {})


def test_a_link_of_older_versions_whose_id_is_a_number_works(client, send, user, monkeypatch):
    # PyJWT of that time wrote it, and today's refuses to.
    monkeypatch.setattr(jwt.PyJWT, "_validate_jti", lambda *args: None, raising=False)
    link = send(user=user, jti=7)

    run_import()

    assert client.get(link).status_code == 200


def test_a_link_signed_with_a_key_that_has_become_a_fallback_works(client, send, user, settings):
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key" * 9, [old]
    link = send(user=user, key=old)

    run_import()

    assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"used": 10}, "used_up"),
        ({"used": 11}, "used_up"),
        ({"expires": ISSUED + BEFORE}, "expired"),
        ({"scope": "other"}, "scope"),
    ],
)
def test_a_link_that_is_over_hears_why(client, send, user, fields, code):
    link = send(user=user, **fields)

    run_import()

    assert refusal(client.get(link)) == code


def test_a_link_that_signs_in_is_left_out(client, send, user):
    link = send(mode="Session", user=user, expires=timezone.now() + BEFORE, max_uses=1)

    report = run_import()

    assert "left out, signs in: ask for a new link: 1" in report
    assert refusal(client.get(link)) == "unknown"


@pytest.mark.parametrize("until", [None, "", "2026-01-01", dt.date(2026, 1, 1)])
def test_after_the_day_no_old_link_works(client, send, user, settings, until):
    link = send(user=user)
    run_import()

    settings.REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL = until

    assert refusal(client.get(link)) == "invalid"


def test_a_realm_lets_no_old_link_in(client, send, user, settings):
    link = send(user=user)
    run_import()

    settings.REQUEST_TOKEN_REALM = "acme"

    assert refusal(client.get(link)) == "invalid"


def test_a_jwt_signed_with_the_bare_key_opens_no_token_made_here(client, request_token, settings):
    forged = jwt.encode(request_token.claims, settings.SECRET_KEY)

    assert refusal(client.get(f"/optional/?rt={forged}")) == "unknown"


def test_a_jwt_signed_with_the_bare_key_cannot_choose_the_mark(client, request_token, settings):
    forged = jwt.encode({**request_token.claims, "src": None}, settings.SECRET_KEY)

    assert refusal(client.get(f"/optional/?rt={forged}")) == "unknown"


@pytest.mark.parametrize("claims", [[], "text", {}, {"jti": None}])
def test_other_things_signed_with_the_bare_key_are_refused_and_no_error(client, db, settings, claims):
    forged = jwt.api_jws.encode(json.dumps(claims).encode(), settings.SECRET_KEY, "HS256")

    assert refusal(client.get(f"/optional/?rt={forged}")) == "invalid"


def test_a_new_link_of_an_imported_token_works_after_the_day(client, send, user, settings):
    send(user=user)
    run_import()
    link = RequestToken.objects.get().tokenise("/optional/")

    settings.REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL = None

    assert client.get(link).status_code == 200


def test_the_next_token_gets_an_id_of_its_own(send, user, make_token):
    send(pk=4711, user=user)

    run_import()

    assert make_token().pk > 4711


def test_the_report_says_when_an_old_link_was_last_used_and_a_second_run_imports_nothing(client, send, user):
    link = send(user=user)
    assert "imported: 1\nLast use of an imported link here: never" in run_import()
    client.get(link)

    report = run_import()

    assert "here already: 1\nLast use of an imported link here: 2" in report
    assert RequestToken.objects.get().used_to_date == 1


def test_ids_that_are_taken_stop_the_import_before_it_begins(send, user, make_token):
    taken = make_token()
    send(pk=taken.pk, user=user)

    with pytest.raises(CommandError, match=f"Token {taken.pk} is taken by a token made here"):
        run_import()

    assert RequestToken.objects.count() == 1


def test_without_its_table_the_command_says_so(db):
    with pytest.raises(CommandError, match="The database has no table request_token_requesttoken"):
        run_import()


def test_a_setting_that_means_nothing_here_is_named(settings):
    settings.REQUEST_TOKEN_DEFAULT_MAX_USES = 5

    [message] = check_settings_of_ancestor()

    assert (message.id, "max_uses to create_token" in message.hint) == ("tokens.W003", True)


def test_a_day_that_is_none_is_an_error_of_the_checks(settings):
    settings.REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL = "soon"

    [message] = check_settings_of_ancestor()

    assert message.id == "tokens.E005"
    assert 'REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL = "2027-03-31"' in message.msg

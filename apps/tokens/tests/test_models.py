import json
from datetime import datetime, timedelta, timezone

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from .. import signing
from ..models import RequestToken, RequestTokenLog

NONE, REQUEST, SESSION = RequestToken.LOGIN_MODE_NONE, RequestToken.LOGIN_MODE_REQUEST, RequestToken.LOGIN_MODE_SESSION


# Creating


def test_a_token_needs_a_scope(db):
    with pytest.raises(TypeError):
        RequestToken.objects.create_token()


@pytest.mark.parametrize("scope", ["", None, "x" * 101])
def test_a_scope_is_a_word_of_100_characters_at_most(db, scope):
    with pytest.raises(ValidationError):
        RequestToken.objects.create_token(scope=scope)


def test_a_token_works_once_unless_told_otherwise(make_token):
    assert make_token().max_uses == 1


def test_a_token_without_a_limit_has_none(make_token):
    assert make_token(max_uses=None).max_uses is None


def test_a_token_with_no_use_at_all_is_refused(make_token):
    with pytest.raises(ValidationError, match="at least one use"):
        make_token(max_uses=0)


@pytest.mark.parametrize("mode", [REQUEST, SESSION])
def test_a_mode_that_acts_for_a_user_needs_one(make_token, mode):
    with pytest.raises(ValidationError, match="needs a user"):
        make_token(login_mode=mode)


def test_mode_none_refuses_a_user(make_token, user):
    with pytest.raises(ValidationError, match="leave the user out"):
        make_token(login_mode=NONE, user=user)


def test_an_unknown_mode_is_refused(make_token, user):
    with pytest.raises(ValidationError):
        make_token(login_mode="Forever", user=user)


def test_the_modes_are_stored_under_the_ancestors_names():
    assert [str(mode) for mode in (NONE, REQUEST, SESSION)] == ["None", "Request", "Session"]
    assert RequestToken.LoginMode.values == ["None", "Request", "Session"]


@pytest.mark.parametrize("max_uses", [2, None])
def test_a_session_token_is_single_use(make_token, user, max_uses):
    with pytest.raises(ValidationError, match="works once"):
        make_token(login_mode=SESSION, user=user, max_uses=max_uses)


def test_a_session_token_expires_after_ten_minutes_by_itself(session_token):
    assert session_token.expiration_time - session_token.issued_at == timedelta(minutes=10)


def test_a_session_token_expires_after_the_minutes_that_the_settings_say(make_token, user, settings):
    settings.REQUEST_TOKEN_EXPIRY = 3

    token = make_token(login_mode=SESSION, user=user)

    assert token.expiration_time - token.issued_at == timedelta(minutes=3)


def test_a_session_token_may_live_shorter(make_token, user):
    soon = now() + timedelta(minutes=2)

    assert make_token(login_mode=SESSION, user=user, expiration_time=soon).expiration_time == soon


def test_a_session_token_may_not_live_longer(make_token, user):
    with pytest.raises(ValidationError, match="REQUEST_TOKEN_EXPIRY"):
        make_token(login_mode=SESSION, user=user, expiration_time=now() + timedelta(minutes=11))


@pytest.mark.parametrize("value", [object(), float("nan"), "nul\0", "\ud800"], ids=range(4))
def test_data_that_some_database_cannot_keep_is_refused(make_token, value):
    with pytest.raises(ValidationError):
        make_token(data={"x": value})


def test_a_time_without_a_zone_is_refused(make_token, user):
    with pytest.raises(ValidationError, match="time zone"):
        make_token(login_mode=SESSION, user=user, expiration_time=datetime(2030, 1, 1))  # noqa: DTZ001


def test_no_data_is_an_empty_payload(make_token):
    assert make_token(data=None).data == {}


def test_saving_a_stale_token_neither_uncounts_a_use_nor_undoes_a_revocation(make_token):
    stale = RequestToken.objects.get(pk=make_token(max_uses=5).pk)
    RequestToken.objects.take_use(stale.pk)
    RequestToken.objects.filter(pk=stale.pk).revoke()

    stale.data = {"kept": True}
    stale.save()

    row = RequestToken.objects.get(pk=stale.pk)
    assert (row.used_to_date, row.data) == (1, {"kept": True})
    assert row.revoked_at is not None


def test_save_takes_no_argument_by_its_place(request_token):
    """Threat: "save(False)" of the Djangos before 6.0, which would write old counts back."""
    with pytest.raises(TypeError):
        request_token.save(False)


def test_counts_are_saved_by_name_only(make_token):
    token = make_token(max_uses=5)
    token.used_to_date, token.revoked_at, token.data = 4, now(), {"kept": True}

    token.save()

    row = RequestToken.objects.get(pk=token.pk)
    assert (row.used_to_date, row.revoked_at, row.data) == (0, None, {"kept": True})


def test_counts_that_are_named_are_saved(make_token):
    token = make_token(max_uses=5)
    token.used_to_date, token.revoked_at = 4, now()

    token.save(update_fields=["used_to_date", "revoked_at"])

    row = RequestToken.objects.get(pk=token.pk)
    assert row.used_to_date == 4
    assert row.revoked_at is not None


def test_tokens_of_a_bulk_create_can_be_saved(db):
    [token] = RequestToken.objects.bulk_create([RequestToken(scope="test")])
    token.data = {"kept": True}

    token.save()

    assert RequestToken.objects.get(pk=token.pk).data == {"kept": True}


def test_a_token_that_was_partly_loaded_is_partly_saved(make_token, django_assert_num_queries):
    token = RequestToken.objects.only("scope").get(pk=make_token(data={"kept": True}).pk)
    token.scope = "other"

    with django_assert_num_queries(1):
        token.save()

    row = RequestToken.objects.get(pk=token.pk)
    assert (row.scope, row.data) == ("other", {"kept": True})


def test_saving_again_changes_no_rule_of_the_past(session_token):
    session_token.expiration_time = now() - timedelta(days=1)

    session_token.save()

    session_token.refresh_from_db()
    assert session_token.expiration_time < now()


@pytest.mark.parametrize(
    "change",
    [
        {"scope": ""},
        {"login_mode": "None"},
        {"login_mode": "Session", "max_uses": 2},
        {"login_mode": "Session", "expiration_time": None},
        {"used_to_date": 2},
    ],
    ids=str,
)
def test_the_database_holds_the_rules_too(request_token, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        RequestToken.objects.filter(pk=request_token.pk).update(**change)


# Many at once


def test_many_tokens_are_created_with_one_insert(user, django_assert_num_queries):
    unsaved = [RequestToken(scope="test", login_mode=REQUEST, user=user, max_uses=None) for _ in range(50)]

    with django_assert_num_queries(1):
        tokens = RequestToken.objects.create_tokens(unsaved)

    assert [signing.decode(token.jwt())["jti"] for token in tokens] == [str(token.pk) for token in tokens]
    assert RequestToken.objects.count() == 50


def test_one_wrong_token_among_many_saves_none(db):
    with pytest.raises(ValidationError):
        RequestToken.objects.create_tokens([RequestToken(scope="test"), RequestToken(scope="")])

    assert RequestToken.objects.count() == 0


def test_saved_tokens_are_not_saved_twice(make_token):
    with pytest.raises(ValueError, match="saved already"):
        RequestToken.objects.create_tokens([make_token()])


def test_session_tokens_made_in_bulk_get_their_expiry(user):
    [token] = RequestToken.objects.create_tokens(iter([RequestToken(scope="test", login_mode=SESSION, user=user)]))

    assert token.expiration_time - token.issued_at == timedelta(minutes=10)


def test_no_tokens_are_no_work(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert RequestToken.objects.create_tokens([]) == []


# Claims


def test_the_claims_are_those_of_the_contract(make_token, user):
    moment = datetime(2030, 1, 2, 3, 4, 5, 999_999, timezone.utc)
    token = make_token(
        login_mode=REQUEST, user=user, max_uses=3, issued_at=moment, not_before_time=moment, expiration_time=moment
    )

    assert token.claims == {
        "jti": str(token.pk),
        "sub": "test",
        "mod": "r",
        "max": 3,
        "aud": str(user.pk),
        "iat": 1893553445,
        "nbf": 1893553445,
        "exp": 1893553445,
    }


def test_claims_that_are_unset_are_absent(make_token):
    token = make_token(max_uses=None)

    assert set(token.claims) == {"jti", "sub", "mod", "iat"}


@pytest.mark.parametrize(("mode", "letter"), [(NONE, "n"), (REQUEST, "r"), (SESSION, "s")])
def test_the_mode_is_one_letter(make_token, user, mode, letter):
    token = make_token(login_mode=mode, user=None if mode == NONE else user)

    assert token.claims["mod"] == letter


def test_the_payload_is_not_in_the_jwt(make_token):
    token = make_token(data={"secret": "of the payload"})

    assert "data" not in signing.decode(token.jwt())


def test_claims_cost_no_query(request_token, django_assert_num_queries):
    fresh = RequestToken.objects.get(pk=request_token.pk)

    with django_assert_num_queries(0):
        fresh.jwt()


def test_an_unsaved_token_has_no_jwt():
    with pytest.raises(ValueError, match="Save the token"):
        RequestToken(scope="test").jwt()


def test_a_real_token_is_no_longer_than_the_ancestors(make_token, make_user):
    user = make_user(pk=123_456)
    token = make_token(
        pk=1_234_567,
        scope="newsletter.unsubscribe",
        login_mode=REQUEST,
        user=user,
        expiration_time=now() + timedelta(9),
    )

    assert len(token.jwt()) <= 221


def test_tokenise_keeps_other_parameters_blank_ones_and_the_fragment(make_token):
    token = make_token()

    assert token.tokenise("/x/?a=1&b=#c") == f"/x/?a=1&b=&rt={token.jwt()}#c"


# Revoking and releasing


def test_a_revoked_token_is_revoked_in_the_database(make_token):
    token = make_token()

    token.revoke()

    assert RequestToken.objects.get(pk=token.pk).revoked_at is not None


def test_revoking_does_not_forget_a_use_that_was_counted_meanwhile(make_token):
    token = make_token(max_uses=5)
    RequestToken.objects.take_use(token.pk)

    token.revoke()

    assert RequestToken.objects.get(pk=token.pk).used_to_date == 1


def test_counting_does_not_undo_a_revocation(make_token):
    token = make_token(max_uses=5)
    token.revoke()

    assert RequestToken.objects.take_use(token.pk) is False
    assert RequestToken.objects.get(pk=token.pk).revoked_at is not None


def test_revoking_twice_keeps_the_first_time(make_token):
    token = make_token()
    token.revoke()
    first = token.revoked_at

    token.revoke()

    assert token.revoked_at == first


@pytest.mark.parametrize(
    "fields",
    [
        {"expiration_time": now() - timedelta(seconds=1)},
        {"used_to_date": 1},
        {"revoked_at": now()},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_unusable_row_gives_no_use(make_token, fields):
    token = make_token(**fields)

    assert RequestToken.objects.take_use(token.pk) is False


def test_releasing_without_a_claim_gives_nothing_back(make_token):
    token = make_token(used_to_date=1)

    assert token.release() is False
    assert RequestToken.objects.get(pk=token.pk).used_to_date == 1


def test_giving_back_what_nobody_took_changes_nothing(make_token):
    token = make_token()

    assert RequestToken.objects.give_back(token.pk) is False
    assert RequestToken.objects.get().used_to_date == 0


def test_no_jwt_is_in_the_database(session_token, client):
    jwt = session_token.jwt()
    client.get("/undeclared/", {"rt": jwt[:-1]})
    client.post(f"/straight/?rt={jwt}", HTTP_REFERER=f"https://example.com/?rt={jwt}")

    rows = [*RequestToken.objects.values(), *RequestTokenLog.objects.values()]

    assert len(rows) == 2
    assert jwt.split(".")[2] not in json.dumps(rows, default=str)


@pytest.mark.databases
def test_the_tables_can_be_made_on_this_database(db):
    assert {RequestToken._meta.db_table, RequestTokenLog._meta.db_table} <= set(connection.introspection.table_names())

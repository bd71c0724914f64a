"""Signing in: used and signed in are one act, in whatever way sessions are kept."""

from contextlib import contextmanager

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction

from ..models import RequestToken, account_fingerprint
from .support import APP

ENGINES = ["db", "cached_db", "cache", "signed_cookies"]


class OnlyAuthenticates:
    """A backend without get_user, as django-axes' is."""

    def authenticate(self, request, **credentials):
        return None


def uses():
    return RequestToken.objects.get().used_to_date


def signed_in(client):
    return client.get("/undeclared/").json()["user"]


@contextmanager
def before(words, act):
    """Does something once, directly before the first statement that has these words in it."""
    waiting = [act]

    def interrupt(execute, sql, params, many, context):
        if waiting and all(word in sql for word in words):
            waiting.pop()()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(interrupt):
        yield
    assert not waiting


@pytest.mark.parametrize("engine", ENGINES)
def test_a_link_signs_in_once_wherever_sessions_are_kept(client, session_token, user, settings, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    client.post(session_token.tokenise("/optional/"))

    assert signed_in(client) == user.email
    assert client.post(session_token.tokenise("/optional/")).context["error"].code == "used_up"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sign_in_that_fails_gives_the_use_back(crashing_client, session_token, settings, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    def fail(**kwargs):
        raise RuntimeError

    user_logged_in.connect(fail)
    try:
        response = crashing_client.post(session_token.tokenise("/optional/"))
    finally:
        user_logged_in.disconnect(fail)

    assert response.status_code == 500
    assert uses() == 0
    assert signed_in(crashing_client) is None
    assert not Session.objects.exists()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", ["/answers/500/", "/raises/"])
def test_a_view_that_breaks_after_the_sign_in_leaves_a_visitor_what_the_session_held(
    crashing_client, request_token, session_token, settings, engine, path
):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    crashing_client.get(request_token.tokenise("/remembers/"))

    crashing_client.post(session_token.tokenise(path))

    assert signed_in(crashing_client) is None
    assert crashing_client.session["seen"] is True
    session_token.refresh_from_db()
    assert session_token.used_to_date == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sign_in_that_fails_leaves_a_visitor_what_the_session_held(
    crashing_client, request_token, session_token, settings, engine
):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    crashing_client.get(request_token.tokenise("/remembers/"))

    def fail(**kwargs):
        raise RuntimeError

    user_logged_in.connect(fail)
    try:
        crashing_client.post(session_token.tokenise("/optional/"))
    finally:
        user_logged_in.disconnect(fail)

    assert signed_in(crashing_client) is None
    assert crashing_client.session["seen"] is True


def test_a_view_that_breaks_leaves_its_own_reader_signed_in(crashing_client, session_token, user):
    crashing_client.force_login(user)

    crashing_client.post(session_token.tokenise("/answers/500/"))

    assert signed_in(crashing_client) == user.email


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases
def test_a_database_that_fails_once_is_asked_once_more(client, session_token, user):
    def fail():
        raise OperationalError

    with before(["UPDATE", "django_session"], fail):
        client.post(session_token.tokenise("/optional/"))

    assert signed_in(client) == user.email
    assert (uses(), Session.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_session_is_saved_before_the_view_runs_and_not_again_after_it(client, session_token):
    statements = []

    def collect(execute, sql, params, many, context):
        statements.append(" ".join(sql.split()[:3]).replace('"', "").replace("`", ""))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(collect):
        client.post(session_token.tokenise("/optional/"))

    assert statements.count("UPDATE django_session SET") == 1
    assert len([sql for sql in statements if sql.split()[0] not in ("BEGIN", "SAVEPOINT", "RELEASE")]) <= 10


def test_what_the_view_puts_into_the_session_is_kept(client, session_token):
    client.post(session_token.tokenise("/remembers/"))

    assert client.session["seen"] is True


def test_a_view_may_sign_its_visitor_out_again(client, session_token):
    client.post(session_token.tokenise("/signs-out/"))

    assert signed_in(client) is None


@pytest.mark.django_db(transaction=True)
def test_a_hook_after_the_commit_that_fails_costs_nobody_the_link(crashing_client, session_token, user):
    def fail(**kwargs):
        transaction.on_commit(lambda: 1 / 0)

    user_logged_in.connect(fail)
    try:
        crashing_client.post(session_token.tokenise("/optional/"))
    finally:
        user_logged_in.disconnect(fail)

    assert uses() == 0
    assert crashing_client.post(session_token.tokenise("/optional/")).json()["user"] == user.email


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases
@pytest.mark.parametrize(
    "change", [{"password": "another"}, {"email": "moved@example.com"}], ids=["password", "address"]
)
def test_a_password_or_address_that_changes_between_look_and_sign_in_is_a_refusal(client, session_token, change):
    users = get_user_model().objects

    with before(["UPDATE", get_user_model()._meta.db_table], lambda: users.update(**change)):
        response = client.post(session_token.tokenise("/optional/"))

    assert response.context["error"].code == "user_changed"
    assert signed_in(client) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases
@pytest.mark.parametrize("name", ["password", "email"])
def test_a_field_that_is_stored_otherwise_than_it_reads_is_compared_too(client, session_token, monkeypatch, name):
    """As one that is encrypted: no condition of an UPDATE can ask for its value."""
    field, users = get_user_model()._meta.get_field(name), get_user_model().objects
    monkeypatch.setattr(field, "from_db_value", lambda value, *_: value, raising=False)

    with before(["UPDATE", get_user_model()._meta.db_table], lambda: users.update(**{name: "another@example.com"})):
        refused = client.post(session_token.tokenise("/optional/"))
    RequestToken.objects.update(account_fingerprint=account_fingerprint(users.get()))
    admitted = client.post(session_token.tokenise("/optional/"))

    assert refused.context["error"].code == "user_changed"
    assert admitted.status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases
@pytest.mark.parametrize("engine", ["db", "cache"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda users: users.update(is_active=False), "inactive_user"),
        (lambda users: [user.delete() for user in users], "unknown"),
    ],
    ids=["closed", "deleted"],
)
def test_an_account_that_goes_between_look_and_sign_in_is_a_refusal(
    client, session_token, settings, engine, change, code
):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    link = session_token.tokenise("/optional/")
    table = get_user_model()._meta.db_table

    with before(["UPDATE", table], lambda: change(get_user_model().objects.all())):
        response = client.post(link)

    assert response.status_code == 403
    assert response.context["error"].code == code
    assert signed_in(client) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases
def test_an_account_deleted_after_the_claim_is_a_refusal(client, session_token, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    link = session_token.tokenise("/optional/")

    with before(["UPDATE", "last_login"], lambda: get_user_model().objects.get().delete()):
        response = client.post(link)

    assert response.status_code == 403
    assert response.context["error"].code == "unknown"
    assert signed_in(client) is None


def test_a_token_revoked_between_look_and_claim_says_so(client, request_token):
    link = request_token.tokenise("/optional/")

    with before(["UPDATE", RequestToken._meta.db_table], request_token.revoke):
        response = client.get(link)

    assert response.context["error"].code == "revoked"
    assert request_token.logs.get().reason == "revoked"


def test_a_backend_that_only_authenticates_is_passed_over(client, session_token, user, settings):
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.OnlyAuthenticates", "django.contrib.auth.backends.ModelBackend"]

    client.post(session_token.tokenise("/optional/"))

    assert signed_in(client) == user.email


def test_of_two_backends_that_load_users_the_one_that_knows_the_user_is_named(
    client, session_token, user, settings, monkeypatch
):
    monkeypatch.setattr("django.contrib.auth.backends.RemoteUserBackend.get_user", lambda self, pk: None)
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.RemoteUserBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]

    client.post(session_token.tokenise("/optional/"))

    assert signed_in(client) == user.email


def test_the_user_is_loaded_with_the_token_and_not_again(client, session_token):
    table, loads = get_user_model()._meta.db_table, []

    def collect(execute, sql, params, many, context):
        if sql.startswith("SELECT") and table in sql:
            loads.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(collect):
        client.post(session_token.tokenise("/answers/204/"))

    assert len(loads) == 1


def test_without_a_session_the_error_says_which_line_to_add(client, session_token, settings):
    settings.MIDDLEWARE = [f"{APP}.middleware.RequestTokenMiddleware"]

    with pytest.raises(ImproperlyConfigured, match="SessionMiddleware"):
        client.post(session_token.tokenise("/any-session/"))

    assert uses() == 0

"""The order of decisions, and what each login mode does."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils.timezone import now

from .. import signing, statements
from ..models import RequestToken, RequestTokenLog
from .support import FUTURE, PAST, refusal

NONE, REQUEST, SESSION = RequestToken.LOGIN_MODE_NONE, RequestToken.LOGIN_MODE_REQUEST, RequestToken.LOGIN_MODE_SESSION


def uses(token):
    return RequestToken.objects.get(pk=token.pk).used_to_date


def reason(token):
    return token.logs.get().reason


def signed_in(client):
    return client.get("/undeclared/").json()["user"]


# Mode None


def test_a_public_link_brings_its_payload(client, make_token):
    token = make_token(data={"affiliate_id": 1})

    seen = client.get(token.tokenise("/optional/")).json()

    assert seen == {"ran": True, "user": None, "token": token.pk, "data": {"affiliate_id": 1}}


def test_a_public_link_leaves_a_signed_in_visitor_signed_in(client, make_token, stranger):
    client.force_login(stranger)

    seen = client.get(make_token().tokenise("/optional/")).json()

    assert seen["user"] == stranger.email


# Mode Request


def test_a_request_link_acts_as_its_user(client, request_token, user):
    seen = client.get(request_token.tokenise("/optional/")).json()

    assert seen["user"] == user.email


def test_a_request_link_acts_for_one_request_only(client, request_token):
    client.get(request_token.tokenise("/optional/"))

    assert signed_in(client) is None
    assert not client.cookies


def test_a_request_link_leaves_the_session_of_its_own_user_untouched(client, request_token, user):
    client.force_login(user)
    before = client.session.session_key

    client.get(request_token.tokenise("/optional/"))

    assert client.session.session_key == before


def test_the_async_user_is_the_tokens_user_too(client, request_token, user):
    assert client.get(request_token.tokenise("/async/")).json()["user"] == user.email


# Mode Session


def test_a_session_link_signs_in_on_post(client, session_token, user):
    seen = client.post(session_token.tokenise("/optional/")).json()

    assert seen["user"] == user.email
    assert signed_in(client) == user.email


def test_a_session_link_signs_nobody_in_on_get(client, session_token):
    response = client.get(session_token.tokenise("/optional/"))

    assert response.templates[0].name == "tokens/confirm.html"
    assert signed_in(client) is None
    assert uses(session_token) == 0


def test_signing_in_changes_the_session_key(client, session_token):
    """Against session fixation."""
    session = client.session
    session["before"] = "kept"
    session.save()
    before = session.session_key

    client.post(session_token.tokenise("/optional/"))

    assert client.session.session_key != before


def test_a_session_link_signs_in_once(client, session_token):
    client.post(session_token.tokenise("/optional/"))
    client.logout()

    response = client.post(session_token.tokenise("/optional/"))

    assert response.status_code == 403
    assert signed_in(client) is None


def test_signing_in_works_with_a_second_authentication_backend(client, session_token, user, settings):
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.BaseBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]

    client.post(session_token.tokenise("/optional/"))

    assert signed_in(client) == user.email


def test_without_a_backend_that_knows_users_the_error_says_what_to_add(client, session_token, settings):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.BaseBackend"]

    with pytest.raises(Exception, match="ModelBackend"):
        client.post(session_token.tokenise("/optional/"))

    assert uses(session_token) == 0


def test_a_closed_account_that_is_opened_again_does_not_revive_its_session_links(client, session_token, user):
    for is_active in (False, True):
        user.is_active = is_active
        user.save()

    client.post(session_token.tokenise("/optional/"))

    assert reason(session_token) == "revoked"


@pytest.mark.parametrize(
    "change",
    [
        lambda user: user.set_password("another one"),
        lambda user: setattr(user, "email", "moved@example.com"),
        lambda user: setattr(user, "is_active", False),
    ],
    ids=["password", "address", "deactivated"],
)
def test_a_change_of_the_account_kills_its_session_links(client, session_token, user, change):
    change(user)
    user.save()

    client.post(session_token.tokenise("/optional/"))

    assert reason(session_token) in ("user_changed", "revoked")
    assert signed_in(client) is None


def test_a_new_password_leaves_request_links_alone(client, request_token, user):
    user.set_password("another one")
    user.save()

    assert client.get(request_token.tokenise("/optional/")).json()["user"] == user.email


# Refusals, in their order


REFUSALS = [
    ("scope", {"scope": "other", "revoked_at": PAST, "expiration_time": PAST}),
    ("revoked", {"revoked_at": PAST, "expiration_time": PAST, "used_to_date": 1}),
    ("expired", {"expiration_time": PAST, "not_before_time": FUTURE, "used_to_date": 1}),
    ("not_yet_valid", {"not_before_time": FUTURE, "used_to_date": 1}),
    ("used_up", {"used_to_date": 1}),
]


@pytest.mark.parametrize(("code", "fields"), REFUSALS, ids=[code for code, _ in REFUSALS])
def test_the_first_reason_that_applies_is_given(client, make_token, make_user, stranger, code, fields):
    closed = make_user("closed@example.com", is_active=False)
    token = make_token(login_mode=REQUEST, user=closed, **fields)
    client.force_login(stranger)

    response = client.get(token.tokenise("/asks/"))

    assert response.status_code == 403
    assert reason(token) == code


def test_an_inactive_user_is_not_admitted(client, make_token, make_user, stranger):
    token = make_token(login_mode=REQUEST, user=make_user("closed@example.com", is_active=False))
    client.force_login(stranger)

    assert client.get(token.tokenise("/asks/")).status_code == 403
    assert reason(token) == "inactive_user"


@pytest.mark.parametrize("mode", [REQUEST, SESSION])
def test_somebody_else_is_not_turned_into_the_tokens_user(client, make_token, user, stranger, mode):
    token = make_token(login_mode=mode, user=user)
    client.force_login(stranger)

    response = client.post(token.tokenise("/straight/"))

    assert response.status_code == 403
    assert reason(token) == "wrong_user"
    assert uses(token) == 0
    assert signed_in(client) == stranger.email


def test_a_revocation_in_the_database_counts(client, request_token):
    link = request_token.tokenise("/optional/")
    request_token.revoke()

    client.get(link)

    assert reason(request_token) == "revoked"


def test_an_expiry_moved_forward_in_the_database_counts(client, request_token):
    link = request_token.tokenise("/optional/")
    RequestToken.objects.update(expiration_time=PAST)

    client.get(link)

    assert reason(request_token) == "expired"


def test_an_expiry_in_the_link_counts_whatever_the_database_says(client, make_token):
    token = make_token(expiration_time=PAST)
    link = token.tokenise("/optional/")
    RequestToken.objects.update(expiration_time=None)

    client.get(link)

    assert reason(token) == "expired"


def test_a_link_whose_row_is_gone_is_refused(client, make_token):
    token = make_token()
    link = token.tokenise("/optional/")
    token.delete()

    assert refusal(client.get(link)) == "unknown"


def test_a_link_does_not_open_another_row_that_got_its_id(client, make_token, user):
    """Ids are given out anew when a backup is restored."""
    old = make_token()
    link, pk = old.tokenise("/optional/"), old.pk
    old.delete()
    make_token(pk=pk, login_mode=REQUEST, user=user)

    assert refusal(client.get(link)) == "unknown"


@pytest.mark.parametrize("change", [{"sub": "other"}, {"aud": "999"}, {"mod": "n"}, {"iat": 1}], ids=str)
def test_a_jwt_that_disagrees_with_its_row_is_refused(client, request_token, change):
    jwt = signing.encode({**request_token.claims, **change})

    assert refusal(client.get("/optional/", {"rt": jwt})) == "unknown"


def test_a_link_that_has_lost_its_user_is_refused(client, request_token):
    link = request_token.tokenise("/optional/")
    RequestToken.objects.update(user=None)

    assert refusal(client.get(link)) == "unknown"


class LateReplica:
    """Sends every read of tokens to a database that is not there."""

    def db_for_read(self, model, **hints):
        return "replica" if model in (RequestToken, RequestTokenLog) else None

    def db_for_write(self, model, **hints):
        return "default"


@pytest.mark.parametrize("path", ["/optional/", "/answers/404/"])
def test_rows_are_read_where_they_are_written(client, request_token, settings, path):
    link = request_token.tokenise(path)
    settings.DATABASE_ROUTERS = [f"{__name__}.LateReplica"]

    response = client.get(link)

    assert response.status_code != 403


@pytest.mark.parametrize("why", [{"revoked_at": PAST}, {"used_to_date": 1}], ids=["revoked", "used up"])
def test_a_refusal_is_decided_and_recorded_without_the_replica(client, make_token, settings, why):
    link = make_token(**why).tokenise("/optional/")
    settings.DATABASE_ROUTERS = [f"{__name__}.LateReplica"]

    assert client.get(link).status_code == 403


def test_a_used_up_single_use_link_is_refused_the_second_time(client, request_token):
    link = request_token.tokenise("/optional/")

    statuses = [client.get(link).status_code for _ in range(3)]

    assert statuses == [200, 403, 403]
    assert uses(request_token) == 1


def test_an_unlimited_link_counts_its_uses(client, make_token):
    token = make_token(max_uses=None)

    statuses = [client.get(token.tokenise("/optional/")).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert uses(token) == 3


# ignore_session


def test_a_view_that_ignores_the_session_serves_the_tokens_user(client, request_token, user, stranger):
    client.force_login(stranger)

    seen = client.get(request_token.tokenise("/any-session/")).json()

    assert seen["user"] == user.email
    assert signed_in(client) == stranger.email


@pytest.mark.django_db(transaction=True)
def test_a_view_that_ignores_the_session_never_reads_it(client, request_token, stranger, django_assert_num_queries):
    client.force_login(stranger)

    with django_assert_num_queries(3):
        response = client.get(request_token.tokenise("/any-session/"))

    assert not response.wsgi_request.session.accessed


# The confirm page


def test_get_shows_who_the_link_is_for_and_uses_nothing(client, request_token, user):
    response = client.get(request_token.tokenise("/asks/"))

    assert user.email in response.text
    assert uses(request_token) == 0


def test_post_acts(client, request_token, user):
    assert client.post(request_token.tokenise("/asks/")).json()["user"] == user.email
    assert uses(request_token) == 1


def test_scanners_use_nothing_up(client, session_token):
    for _ in range(3):
        client.get(session_token.tokenise("/optional/"))

    assert uses(session_token) == 0


def test_a_view_can_name_its_own_confirm_page(client, request_token):
    assert client.get(request_token.tokenise("/asks-own-page/")).text == f"Own page for {request_token.user}\n"


def test_a_view_can_do_without_the_confirm_page(client, session_token, user):
    assert client.get(session_token.tokenise("/straight/")).json()["user"] == user.email


def test_the_confirm_form_passes_csrf_and_keeps_the_token(strict_client, session_token, user):
    link = session_token.tokenise("/asks/?a=1")
    page = strict_client.get(link)
    csrf = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    response = strict_client.post(link, {"csrfmiddlewaretoken": csrf})

    assert "action=" not in page.text
    assert response.json()["user"] == user.email


def test_a_form_on_another_site_cannot_press_the_button(strict_client, session_token):
    """Against login CSRF."""
    response = strict_client.post(session_token.tokenise("/straight/"))

    assert response.status_code == 403
    assert uses(session_token) == 0
    assert signed_in(strict_client) is None


# A confirm page chosen by a function


@pytest.mark.parametrize(
    ("browser", "shown"),
    [
        ("asked", lambda response: response.json()["ran"]),
        ("other", lambda response: response.text.startswith("Own page")),
        ("unknown", lambda response: response.templates[0].name == "tokens/confirm.html"),
    ],
)
def test_a_function_chooses_the_page_that_a_get_shows(client, session_token, browser, shown):
    assert shown(client.get(session_token.tokenise("/asks-by-function/"), headers={"X-Browser": browser}))


def test_a_function_that_asks_for_no_page_signs_in_by_get(client, session_token, user):
    client.get(session_token.tokenise("/asks-by-function/"), headers={"X-Browser": "asked"})

    assert signed_in(client) == user.email


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_function_may_refuse_on_any_method_before_a_use_is_taken(client, session_token, method):
    link = session_token.tokenise("/asks-by-function/")

    response = client.generic(method, link, headers={"X-Browser": "barred"})

    assert refusal(response) == reason(session_token) == "scope"
    assert uses(session_token) == 0


@pytest.mark.parametrize(
    ("method", "headers"), [("HEAD", {}), ("OPTIONS", {}), ("GET", {"Sec-Purpose": "prefetch"})], ids=str
)
def test_a_function_is_not_asked_by_requests_that_are_not_a_visit(client, session_token, method, headers):
    link = session_token.tokenise("/asks-by-function/")

    response = client.generic(method, link, headers={**headers, "X-Browser": "barred"})

    assert response.status_code in (204, 425)


def test_a_function_is_asked_after_every_check(client, session_token):
    session_token.revoke()

    client.get(session_token.tokenise("/asks-by-function/"), headers={"X-Browser": "barred"})

    assert reason(session_token) == "revoked"


# A link that is pressed again


def test_a_view_answers_a_link_that_is_used_up_in_place_of_the_refusal(client, request_token):
    link = request_token.tokenise("/again/?again")
    client.get(link)

    response = client.get(link)

    assert (response.status_code, response.text) == (208, f"again {request_token.pk}")
    assert request_token.logs.latest("pk").reason == "used_up"


def test_a_view_that_has_no_answer_leaves_the_refusal(client, request_token):
    link = request_token.tokenise("/again/")
    client.get(link)

    assert refusal(client.get(link)) == "used_up"


def test_only_a_genuine_token_of_the_views_scope_is_answered_again(client, make_token):
    other = make_token(scope="other", used_to_date=1)

    assert refusal(client.get(other.tokenise("/again/?again"))) == "scope"
    assert refusal(client.get("/again/?again&rt=x")) == "invalid"


# Methods


@pytest.mark.parametrize("token", ["request_token", "session_token"])
@pytest.mark.parametrize(("path", "allowed"), [("/only-post/", "POST"), ("/require-post/", "POST"), ("/class/", "GET")])
def test_a_method_that_the_view_does_not_answer_uses_nothing_up(client, token, path, allowed, request):
    token = request.getfixturevalue(token)

    response = client.generic("PUT" if allowed == "GET" else "GET", token.tokenise(path))

    assert response.status_code == 405
    assert allowed in response.headers["Allow"]
    assert uses(token) == 0
    assert signed_in(client) is None


def test_a_method_that_the_rule_names_is_served(client, session_token, user):
    assert client.post(session_token.tokenise("/only-post/")).json()["user"] == user.email


@pytest.mark.parametrize("token", ["request_token", "session_token"])
def test_a_get_takes_nothing_that_the_owners_post_could_miss(client, token, request, monkeypatch):
    """Against a scanner's GET that holds the only use while the view answers 405."""
    token = request.getfixturevalue(token)
    took = []
    monkeypatch.setattr(statements, "take_use", lambda *args: took.append(args))

    client.get(token.tokenise("/only-post/"))

    assert not took


# Requests that are not a visit


@pytest.mark.parametrize("path", ["/optional/", "/asks/", "/straight/"])
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("OPTIONS", {}),
        ("TRACE", {}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Sec-Purpose": "prerender"}),
        ("GET", {"Purpose": "prefetch"}),
    ],
    ids=str,
)
def test_a_request_that_is_no_visit_neither_runs_the_view_nor_counts(client, request_token, path, method, headers):
    response = client.generic(method, request_token.tokenise(path), headers=headers)

    assert b'"ran"' not in response.content
    assert response.status_code < 500
    assert uses(request_token) == 0


def test_a_prefetched_answer_is_no_success_that_a_browser_would_show_later(client, request_token):
    response = client.get(request_token.tokenise("/optional/"), headers={"Sec-Purpose": "prefetch"})

    assert response.status_code >= 400


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_without_a_token_such_requests_reach_the_view(client, db, method):
    assert client.generic(method, "/optional/").status_code == 200


# Giving a use back


@pytest.mark.parametrize("status", [400, 403, 404, 422, 500, 503])
def test_a_view_that_answers_with_an_error_gives_the_use_back(client, request_token, status):
    response = client.get(request_token.tokenise(f"/answers/{status}/"))

    assert response.status_code == status
    assert uses(request_token) == 0


@pytest.mark.parametrize("status", [200, 204, 302])
def test_a_view_that_answers_well_keeps_the_use(client, request_token, status):
    client.get(request_token.tokenise(f"/answers/{status}/"))

    assert uses(request_token) == 1


@pytest.mark.parametrize("path", ["/raises/", "/raises-not-found/", "/async-failure/"])
def test_a_view_that_raises_gives_the_use_back_and_is_on_record(crashing_client, request_token, path):
    response = crashing_client.get(request_token.tokenise(path))

    assert uses(request_token) == 0
    assert request_token.logs.get().status_code == response.status_code


def test_an_exception_that_no_page_is_made_of_gives_the_use_back(client, request_token, settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True

    with pytest.raises(RuntimeError):
        client.get(request_token.tokenise("/raises/"))

    assert uses(request_token) == 0
    assert request_token.logs.get().status_code is None


def test_a_view_can_release_the_use(client, request_token):
    seen = client.get(request_token.tokenise("/releases/")).json()

    assert seen["released"] is True
    assert uses(request_token) == 0


@pytest.mark.parametrize(("status", "left"), [(200, 1), (302, 1), (404, 1), (500, 0)])
def test_a_session_link_comes_back_only_if_no_session_was_handed_out(client, session_token, status, left):
    client.post(session_token.tokenise(f"/answers/{status}/"))

    assert uses(session_token) == left
    assert (signed_in(client) is not None) is (left == 1)


@pytest.mark.django_db(transaction=True)
def test_an_async_view_can_release_the_use(client, request_token):
    assert client.get(request_token.tokenise("/releases-async/")).json()["released"] is True
    assert uses(request_token) == 0


@pytest.mark.django_db(transaction=True)
def test_a_release_survives_the_rollback_of_the_view(crashing_client, request_token):
    crashing_client.get(request_token.tokenise("/releases-and-raises/"))

    assert uses(request_token) == 0


@pytest.mark.parametrize(
    ("path", "middleware"),
    [("/inside/", []), ("/optional/", ["django.contrib.auth.middleware.LoginRequiredMiddleware"])],
    ids=["login_required", "LoginRequiredMiddleware"],
)
def test_a_use_is_given_back_if_the_view_was_never_reached(client, make_token, settings, path, middleware):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *middleware]
    token = make_token()

    assert client.get(token.tokenise(path)).status_code == 302
    assert uses(token) == 0


def test_a_view_that_saves_its_token_does_not_uncount_the_use(client, request_token):
    link = request_token.tokenise("/saves-the-token/")

    assert [client.get(link).status_code for _ in range(2)] == [200, 403]


def test_a_view_cannot_release_a_session_link(client, session_token):
    seen = client.get(session_token.tokenise("/releases/")).json()

    assert seen["released"] is False
    assert uses(session_token) == 1


def test_a_released_use_is_never_given_back_twice(client, make_token):
    token = make_token(max_uses=5, used_to_date=2)

    client.get(token.tokenise("/releases/"))

    assert uses(token) == 2


def test_a_signed_in_visitor_whose_view_fails_is_signed_out_again(crashing_client, session_token):
    crashing_client.post(session_token.tokenise("/answers/503/"))

    assert uses(session_token) == 0
    assert not Session.objects.exists()


def test_signing_in_ends_the_other_sign_in_links_of_that_scope(client, session_token, make_token, user, stranger):
    other = make_token(login_mode=SESSION, user=user)
    of_another_scope = make_token(login_mode=SESSION, user=user, scope="other")
    of_a_stranger = make_token(login_mode=SESSION, user=stranger)

    client.post(session_token.tokenise("/optional/"))

    revoked = RequestToken.objects.exclude(revoked_at=None)
    assert list(revoked.values_list("pk", "revoked_reason")) == [(other.pk, "superseded")]
    assert {of_another_scope.pk, of_a_stranger.pk}.isdisjoint(revoked.values_list("pk", flat=True))


def test_a_use_leaves_its_time_and_giving_it_back_keeps_it(client, make_token):
    token = make_token(max_uses=2)

    client.get(token.tokenise("/answers/404/"))

    token.refresh_from_db()
    assert token.used_to_date == 0
    assert now() - timedelta(minutes=1) < token.last_used_at <= now()


# Cost


def test_a_page_without_a_token_costs_no_query(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/optional/?a=1")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", [NONE, REQUEST])
@pytest.mark.databases
def test_an_admitted_use_costs_three_queries(client, make_token, user, mode, django_assert_num_queries):
    token = make_token(login_mode=mode, user=user if mode == REQUEST else None)

    with django_assert_num_queries(3):
        client.get(token.tokenise("/optional/"))


@pytest.mark.parametrize("token", ["request_token", "session_token"])
def test_the_confirm_page_costs_one_query(client, token, request, django_assert_num_queries):
    link = request.getfixturevalue(token).tokenise("/asks/")

    with django_assert_num_queries(1):
        client.get(link)


@pytest.mark.parametrize("rubbish", ["x", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30." + "A" * 43])
def test_a_forged_token_costs_no_query(client, db, rubbish, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/undeclared/", {"rt": rubbish})


@pytest.mark.databases
def test_deleting_a_user_deletes_the_links(request_token, user):
    get_user_model().objects.filter(pk=user.pk).delete()

    assert not RequestToken.objects.exists()
    assert not RequestTokenLog.objects.exists()


# What a hostile look at the rebuilt core found


def test_a_used_up_link_that_is_answered_by_a_file_does_not_run_the_view(client, request_token):
    link = request_token.tokenise("/again-with-a-file/")
    client.get(link)

    response = client.get(link)

    assert b"".join(response) == b"once more"
    assert uses(request_token) == 1


def test_a_view_that_does_it_all_in_dispatch_answers_any_method(client, request_token, user):
    assert client.post(request_token.tokenise("/dispatches/")).json()["user"] == user.email


def test_given_back_uses_do_not_fill_the_log(client, make_token):
    token = make_token()
    RequestTokenLog.objects.bulk_create(
        RequestTokenLog(token=token, reason="admitted", method="GET") for _ in range(100)
    )

    client.get(token.tokenise("/answers/404/"))

    assert token.logs.count() == 100

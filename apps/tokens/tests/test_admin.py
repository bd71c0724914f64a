import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ..models import RequestToken, RequestTokenLog
from .support import LABEL

XSS = "<script>alert(1)</script>"
CHANGELIST = f"/admin/{LABEL}/requesttoken/"


@pytest.fixture
def admin(client, make_user):
    client.force_login(make_user("editor@example.com", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def viewer(client, make_user):
    user = make_user("viewer@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_request"))
    client.force_login(user)
    return client


def detail(token):
    return f"{CHANGELIST}{token.pk}/change/"


def test_payload_and_scope_are_shown_as_text(admin, make_token):
    token = make_token(scope=XSS, data={XSS: XSS})

    pages = admin.get(CHANGELIST).text + admin.get(detail(token)).text

    assert "alert(1)" in pages
    assert XSS not in pages


@pytest.mark.parametrize("staff", ["admin", "viewer"])
def test_no_page_shows_a_jwt(staff, session_token, request):
    client = request.getfixturevalue(staff)

    pages = client.get(CHANGELIST).text + client.get(detail(session_token)).text

    assert str(session_token.scope) in pages
    assert session_token.jwt()[:25] not in pages


def test_the_list_needs_no_query_per_token(admin, make_token, make_user):
    mode = RequestToken.LOGIN_MODE_REQUEST
    make_token(login_mode=mode, user=make_user())
    with CaptureQueriesContext(connection) as for_one:
        admin.get(CHANGELIST)
    for number in range(3):
        make_token(login_mode=mode, user=make_user(f"reader{number}@example.com"))

    with CaptureQueriesContext(connection) as for_four:
        admin.get(CHANGELIST)

    assert len(for_four) == len(for_one)


def test_the_history_of_a_token_is_shown_with_it(admin, client, request_token):
    request_token.revoke()
    client.logout()
    client.get(request_token.tokenise("/optional/"), headers={"User-Agent": "Reader/1.0"})
    admin.force_login(RequestToken.objects.get().user.__class__.objects.get(is_superuser=True))

    assert "Reader/1.0" in admin.get(detail(request_token)).text


def test_a_long_history_is_cut(admin, make_token):
    token = make_token(max_uses=None)
    RequestTokenLog.objects.bulk_create(
        RequestTokenLog(token=token, reason=f"row{n}.", method="GET") for n in range(500)
    )

    page = admin.get(detail(token)).text

    assert "row499." in page
    assert "row449." not in page


def test_tokens_can_be_revoked_together(admin, make_token):
    tokens = [make_token() for _ in range(3)]

    admin.post(CHANGELIST, {"action": "revoke", "_selected_action": [token.pk for token in tokens[:2]]})

    assert RequestToken.objects.exclude(revoked_at=None).count() == 2


def test_staff_who_may_only_look_cannot_revoke(viewer, make_token):
    token = make_token()

    viewer.post(CHANGELIST, {"action": "revoke", "_selected_action": [token.pk]})

    assert RequestToken.objects.get().revoked_at is None


def test_a_token_that_was_sent_cannot_be_edited(admin, make_token):
    token = make_token()

    response = admin.post(detail(token), {"scope": "other", "login_mode": "None", "data": "{}", "max_uses": ""})

    assert response.status_code == 403
    assert RequestToken.objects.get().scope == "test"


def test_a_token_can_be_added(admin):
    admin.post(f"{CHANGELIST}add/", {"scope": "test", "login_mode": "None", "data": "{}", "max_uses": ""})

    assert RequestToken.objects.get().max_uses is None


def test_adding_a_token_against_the_rules_is_a_form_error(admin):
    response = admin.post(f"{CHANGELIST}add/", {"scope": "test", "login_mode": "Session", "data": "{}", "max_uses": 1})

    assert "needs a user" in response.text
    assert not RequestToken.objects.exists()


@pytest.mark.parametrize("query", ["1", "te", "x" * 500, "eyJh.eyJq.x", "%00"])
def test_any_search_is_answered(admin, make_token, query):
    make_token()

    assert admin.get(CHANGELIST, {"q": query}).status_code == 200

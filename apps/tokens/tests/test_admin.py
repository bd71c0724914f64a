import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ..admin import RequestTokenAdmin, lists, tokens
from ..admin.lists import STATUSES, with_status
from ..log_filters import hide_tokens
from ..models import RequestToken, RequestTokenLog
from .support import FUTURE, LABEL, PAST, refusal

XSS = "<script>alert(1)</script>"
CHANGELIST = f"/admin/{LABEL}/requesttoken/"
ADD = f"{CHANGELIST}add/"


@pytest.fixture
def superuser(make_user):
    return make_user("editor@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(client, superuser):
    client.force_login(superuser)
    return client


@pytest.fixture
def staff_client(client, make_user):
    """The client of a member of the staff with these permissions on tokens."""

    def sign_in(*actions):
        user = make_user("staff@example.com", is_staff=True)
        names = [f"{action}_requesttoken" for action in actions]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def viewer(staff_client):
    return staff_client("view")


def detail(token):
    return f"{CHANGELIST}{token.pk}/change/"


def listed(client, **query):
    return set(client.get(CHANGELIST, query).context["cl"].result_list)


def form(**fields):
    return {"address": "/optional/", "scope": "test", "login_mode": "None", "data": "{}", "max_uses": "", **fields}


def link_on(page):
    return re.search(r"http://testserver/optional/\?rt=[\w.-]+", page.text)[0]


# The list


def test_payload_and_scope_are_shown_as_text(admin, make_token):
    token = make_token(scope=XSS, data={XSS: XSS})

    pages = admin.get(CHANGELIST, {"scope": XSS, "q": XSS}).text + admin.get(detail(token)).text

    assert "alert(1)" in pages
    assert XSS not in pages


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


def test_no_query_of_the_list_reads_the_whole_table(admin, make_token):
    for _ in range(RequestTokenAdmin.list_per_page + 1):
        make_token()

    with CaptureQueriesContext(connection) as queries:
        admin.get(CHANGELIST)

    about_tokens = [query["sql"] for query in queries if RequestToken._meta.db_table in query["sql"]]
    assert about_tokens
    assert [sql for sql in about_tokens if " LIMIT " not in sql] == []


def test_a_list_that_is_cut_says_so(admin, make_token, monkeypatch):
    make_token()
    make_token()
    monkeypatch.setattr(lists, "MOST_ROWS", 2)

    assert "There are more." in admin.get(CHANGELIST).text


EVERY_STATUS = {
    "usable": {},
    "revoked": {"revoked_at": PAST, "expiration_time": PAST},
    "expired": {"expiration_time": PAST, "used_to_date": 1},
    "not_yet_valid": {"not_before_time": FUTURE, "used_to_date": 1},
    "used_up": {"used_to_date": 1},
    "inactive_user": {"login_mode": "Request"},
}


@pytest.fixture
def one_of_each(make_token, make_user):
    found = {}
    for status, fields in EVERY_STATUS.items():
        mode = fields.get("login_mode", "None")
        person = make_user(f"{status}@example.com") if mode != "None" else None
        found[status] = make_token(**fields, user=person)
        if person:
            type(person).objects.filter(pk=person.pk).update(is_active=False)
    return found


@pytest.mark.databases
@pytest.mark.parametrize("status", EVERY_STATUS)
def test_the_list_is_filtered_by_status(admin, one_of_each, status):
    assert listed(admin, status=status) == {one_of_each[status]}


@pytest.mark.parametrize("status", EVERY_STATUS)
def test_the_list_says_the_status_in_words(admin, one_of_each, status):
    page = admin.get(CHANGELIST, {"q": str(one_of_each[status].pk)})

    assert f'<td class="field-status">{STATUSES[status]}</td>' in page.text


def test_a_status_that_does_not_exist_is_no_filter(db, make_token):
    make_token()

    assert not with_status(RequestToken.objects.all(), "eaten").exists()


def test_the_list_is_filtered_by_the_scopes_that_views_declare(admin, make_token):
    ours, other = make_token(), make_token(scope="other")

    assert listed(admin, scope="test") == {ours}
    assert listed(admin, scope="other") == {other}
    assert 'href="?scope=test"' in admin.get(CHANGELIST).text


@pytest.mark.databases
def test_a_token_is_found_by_its_id(admin, make_token):
    token, _ = make_token(), make_token()

    assert listed(admin, q=str(token.pk)) == {token}


@pytest.mark.databases
@pytest.mark.parametrize("typed", ["reader@example.com", "Reader@Example.com", "reader@", "READER@exa"])
def test_the_tokens_of_a_person_are_found_by_address(admin, request_token, make_token, stranger, typed):
    make_token(login_mode=RequestToken.LOGIN_MODE_REQUEST, user=stranger)

    assert listed(admin, q=typed) == {request_token}


def test_an_address_finds_no_longer_one_that_begins_with_it(admin, make_token, make_user):
    mine = make_token(login_mode="Request", user=make_user("reader@example.co"))
    make_token(login_mode="Request", user=make_user("reader@example.com"))

    assert listed(admin, q="reader@example.co") == {mine}


def test_tokens_are_found_by_the_beginning_of_their_scope(admin, make_token):
    token = make_token(scope="newsletter.unsubscribe")
    make_token()

    assert listed(admin, q="newsletter.") == {token}


@pytest.mark.databases
@pytest.mark.parametrize(
    "query", ["1", "te", "x" * 500, "eyJh.eyJq.x", "%00", "²", "0", "9" * 19, "9" * 500, "-1", "@", "%", "_", "'", "\\"]
)
def test_any_search_is_answered(admin, make_token, query):
    make_token()

    assert admin.get(CHANGELIST, {"q": query}).status_code == 200


# One token


def test_the_history_of_a_token_is_a_table_with_its_headings(admin, make_token, stranger):
    token = make_token(max_uses=None)
    RequestTokenLog.objects.create(
        token=token, reason="admitted", status_code=200, method="POST", client_ip="192.0.2.7", user=stranger,
        user_agent=f"Reader/1.0 {XSS}",
    )  # fmt: skip

    page = admin.get(detail(token)).text

    table = re.findall(r"<table>.*?</table>", page, re.DOTALL)[-1]
    assert re.findall(r'<th scope="col">(.*?)</th>', table)[1:3] == ["Reason", "Status code"]
    cells = re.findall(r"<td>(.*?)</td>", table)[1:]
    assert cells[:5] == ["admitted", "200", "POST", "stranger@example.com", "192.0.2.7"]
    assert XSS not in page


def test_a_long_history_is_cut(admin, make_token):
    token = make_token(max_uses=None)
    RequestTokenLog.objects.bulk_create(
        RequestTokenLog(token=token, reason=f"row{n}.", method="GET") for n in range(500)
    )

    page = admin.get(detail(token)).text

    assert "row499." in page
    assert "row449." not in page


def test_a_token_that_was_sent_cannot_be_edited(admin, make_token):
    token = make_token()

    response = admin.post(detail(token), form(scope="other"))

    assert response.status_code == 403
    assert RequestToken.objects.get().scope == "test"


# Revoking


def test_tokens_can_be_revoked_together(admin, superuser, make_token):
    three = [make_token() for _ in range(3)]

    admin.post(CHANGELIST, {"action": "revoke", "_selected_action": [token.pk for token in three[:2]]})

    revoked = RequestToken.objects.exclude(revoked_at=None)
    assert set(revoked.values_list("pk", "revoked_by", "revoked_reason")) == {
        (token.pk, superuser.pk, "by_hand") for token in three[:2]
    }


def test_one_token_is_revoked_by_its_button(admin, superuser, make_token):
    token = make_token()
    [action] = re.findall(r'<form method="post" action="(.*?/revoke/)"', admin.get(detail(token)).text)

    admin.post(action)

    token.refresh_from_db()
    assert (token.revoked_by, token.revoked_reason) == (superuser, "by_hand")
    assert refusal(admin.get(token.tokenise("/optional/"))) == "revoked"
    assert "/revoke/" not in admin.get(detail(token)).text


def test_opening_the_address_of_the_button_revokes_nothing(admin, make_token):
    token = make_token()

    response = admin.get(f"{CHANGELIST}{token.pk}/revoke/")

    assert response.url == detail(token)
    assert RequestToken.objects.get().revoked_at is None


def test_a_button_is_no_use_to_another_site(strict_client, superuser, make_token):
    strict_client.force_login(superuser)

    response = strict_client.post(f"{CHANGELIST}{make_token().pk}/revoke/")

    assert response.status_code == 403
    assert RequestToken.objects.get().revoked_at is None


@pytest.mark.parametrize("pk", ["1", "x", "9" * 30])
def test_revoking_what_is_not_there_is_404(admin, pk):
    assert admin.post(f"{CHANGELIST}{pk}/revoke/").status_code == 404


def test_revoking_everything_is_refused_where_the_list_is_cut(admin, make_token, monkeypatch):
    two = [make_token(), make_token()]
    monkeypatch.setattr(tokens, "MOST_ROWS", 2)

    admin.post(CHANGELIST, {"action": "revoke", "_selected_action": [two[0].pk], "select_across": "1"})

    assert not RequestToken.objects.exclude(revoked_at=None).exists()


def test_tokens_are_deleted_one_at_a_time(admin, make_token):
    token = make_token()

    admin.post(CHANGELIST, {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"})
    assert RequestToken.objects.exists()

    admin.post(f"{CHANGELIST}{token.pk}/delete/", {"post": "yes"})
    assert not RequestToken.objects.exists()


def test_staff_who_may_only_look_cannot_revoke(viewer, make_token):
    token = make_token()

    viewer.post(CHANGELIST, {"action": "revoke", "_selected_action": [token.pk]})
    response = viewer.post(f"{CHANGELIST}{token.pk}/revoke/")

    assert response.status_code == 403
    assert RequestToken.objects.get().revoked_at is None
    assert "/revoke/" not in viewer.get(detail(token)).text


# A new link


def test_a_new_link_is_shown_and_works(admin, client):
    page = admin.post(ADD, form())

    client.logout()
    assert client.get(link_on(page)).json()["ran"]
    assert "no-store" in page.headers["Cache-Control"]


def test_a_new_link_is_shown_once(admin):
    admin.post(ADD, form())

    token = RequestToken.objects.get()
    later = [
        admin.get(address).text for address in (detail(token), CHANGELIST, "/admin/", f"{detail(token)}../history/")
    ]
    assert token.jwt()[:25] not in "".join(later)


def test_a_new_link_is_explained_with_it(admin):
    assert "It would be accepted." in admin.post(ADD, form()).text
    assert "made for another page" in admin.post(ADD, form(scope="typo")).text


def test_staff_with_the_permission_to_issue_makes_a_link(staff_client, user):
    page = staff_client("view", "issue").post(ADD, form(login_mode="Request", user=str(user.pk)))

    assert link_on(page)


@pytest.mark.parametrize("actions", [["view", "add", "change", "delete"], ["view"]], ids=", ".join)
def test_staff_without_the_permission_to_issue_makes_none(staff_client, actions):
    response = staff_client(*actions).post(ADD, form())

    assert response.status_code == 403
    assert not RequestToken.objects.exists()


@pytest.mark.parametrize("mode", ["Request", "Session"])
@pytest.mark.parametrize("flags", [{"is_superuser": True}, {"is_staff": True}], ids=str)
def test_no_one_makes_a_link_that_acts_for_staff_but_a_superuser(staff_client, make_user, mode, flags):
    boss = make_user("boss@example.com", **flags)

    page = staff_client("view", "issue").post(ADD, form(login_mode=mode, user=str(boss.pk), max_uses="1"))

    assert "Only a superuser may issue a link" in page.text
    assert not RequestToken.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        *("//evil.example/", "https://evil.example/", "http://testserver@evil.example/", "javascript:alert(1)"),
        *("/\\evil.example", "optional/", "http:///evil.example", "http://[", "ftp://testserver/"),
    ],
)
def test_a_new_link_leads_nowhere_else(admin, address):
    page = admin.post(ADD, form(address=address))

    assert "an address of this site" in page.text
    assert not RequestToken.objects.exists()


def test_adding_a_token_against_the_rules_is_a_form_error(admin):
    response = admin.post(ADD, form(login_mode="Session", max_uses="1"))

    assert "needs a user" in response.text
    assert not RequestToken.objects.exists()


# What nobody may see


@pytest.mark.parametrize("staff", ["admin", "viewer"])
def test_no_page_shows_a_jwt(staff, session_token, request):
    client = request.getfixturevalue(staff)

    pages = [client.get(address).text for address in (CHANGELIST, detail(session_token), f"{CHANGELIST}explain/")]
    pages.append(client.post(f"{CHANGELIST}explain/", {"link": str(session_token.pk)}).text)

    assert str(session_token.scope) in "".join(pages)
    assert [page for page in pages if hide_tokens(page) != page] == []

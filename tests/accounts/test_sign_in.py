from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.tokens.models import RequestToken
from apps.tokens.tests.cut import AFTER, STAYS_AWAY, Line
from tests.factories import UserFactory
from tests.support.emails import link_in_text
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

PROFILE = reverse("accounts:profile")
LOGIN_LINK = reverse("accounts:login_link")


def test_from_the_form_to_the_members_page(visitor, reader, mailoutbox, link_in):
    visitor.press(visitor.get(reverse("accounts:login")), email="reader@example.com")

    answer = visitor.get(link_in(mailoutbox[0], LOGIN_LINK))

    assert (answer.status_code, answer.url) == (303, PROFILE)
    assert "reader@example.com" in visitor.get(PROFILE).content.decode()


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_signs_nobody_in_and_uses_nothing_up(visitor, make_link, method):
    answer = getattr(visitor, method)(make_link())

    assert answer.status_code in (200, 204)
    assert visitor.user_id is None
    assert RequestToken.objects.get().used_to_date == 0


def test_the_page_of_the_link_says_whose_it_is(visitor, make_link):
    page = visitor.get(make_link()).content.decode()

    assert 'This link is for <strong class="address">reader@example.com</strong>' in page
    assert "Sign me in" in page


def test_the_button_signs_in(visitor, reader, make_link):
    visitor.press(visitor.get(make_link()))

    assert visitor.user_id == reader.pk


def test_without_its_csrf_token_the_button_does_nothing(visitor, make_link):
    answer = visitor.post(make_link())

    assert reason(answer) == "csrf"
    assert visitor.user_id is None


def test_the_session_key_changes_on_the_way(visitor, make_link):
    visitor.session.save()
    before = visitor.session.session_key

    visitor.press(visitor.get(make_link()))

    assert visitor.session.session_key != before


def test_the_link_works_once(client, make_link):
    link = make_link()
    client.post(link)
    client.post(reverse("accounts:logout"))

    answer = client.post(link)

    assert reason(answer) == "used_up"
    assert "already been used" in answer.content.decode()
    assert "Ask for a new link" in answer.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_sign_in_whose_answer_is_lost_after_the_commit_is_met_by_the_offer_of_a_new_link(make_link):
    uncut = Line()
    with uncut.laid():
        click(make_link(), uncut)
    cut = Line(uncut.statements.index("COMMIT") + 1, AFTER, STAYS_AWAY)
    link = make_link()

    with cut.laid():
        lost = click(link, cut)
    answer = Client().post(link)

    assert lost.status_code == 500
    assert reason(answer) == "used_up"
    assert "already been used" in answer.content.decode()
    assert "Ask for a new link" in answer.content.decode()


def click(link, line):
    line.is_watched = True
    response = Client(raise_request_exception=False).post(link)
    line.is_watched = False
    connection.close()
    return response


@pytest.mark.databases
def test_an_address_that_was_written_with_capitals_signs_in(visitor, reader, make_link):
    # By another program, or before its field made addresses lower case.
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {User._meta.db_table} SET email = 'Reader@Example.com'")
    reader.refresh_from_db()

    visitor.press(visitor.get(make_link()))

    assert visitor.user_id == reader.pk


def test_an_expired_link_offers_a_new_one(client, make_link):
    link = make_link()
    RequestToken.objects.update(expiration_time=timezone.now() - timedelta(seconds=1))

    answer = client.post(link)

    assert reason(answer) == "expired"
    assert "has expired" in answer.content.decode()
    assert f'href="{reverse("accounts:login")}"' in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda user: user.set_password("another password"), "user_changed"),
        (lambda user: user.set_unusable_password(), "user_changed"),
        (lambda user: setattr(user, "email", "moved@example.com"), "user_changed"),
        (lambda user: setattr(user, "is_active", False), "revoked"),
    ],
    ids=["password", "no password", "address", "closed"],
)
def test_a_change_of_the_account_kills_the_link(client, reader, make_link, change, code):
    link = make_link()
    change(reader)
    reader.save()

    answer = client.post(link)

    assert reason(answer) == code
    assert "_auth_user_id" not in client.session


def test_a_change_of_the_name_leaves_the_link_alive(client, reader, make_link):
    link = make_link()
    User.objects.update(name="Reader")

    client.post(link)

    assert client.session["_auth_user_id"] == str(reader.pk)


def test_the_link_of_a_closed_account_says_so(client, ask, mailoutbox):
    UserFactory(email="closed@example.com", is_active=False)
    ask("closed@example.com")

    answer = client.get(link_in_text(mailoutbox[0], LOGIN_LINK))

    assert reason(answer) == "inactive_user"
    assert "has been closed" in answer.content.decode()
    assert "Ask for a new link" not in answer.content.decode()


def test_somebody_else_who_is_signed_in_may_sign_out_and_use_the_link(visitor, reader, make_link):
    link = make_link()
    visitor.force_login(UserFactory(email="member@example.com"))

    refusal = visitor.get(link)
    assert reason(refusal) == "wrong_user"
    assert "member@example.com" in refusal.content.decode()
    assert "reader@example.com" not in refusal.content.decode()

    way_back = visitor.press(refusal)
    assert way_back.url == link
    assert visitor.user_id is None

    visitor.press(visitor.get(link))
    assert visitor.user_id == reader.pk


def test_somebody_else_who_is_signed_in_stays_so_on_post(client, make_link):
    member = UserFactory(email="member@example.com")
    client.force_login(member)

    answer = client.post(make_link())

    assert reason(answer) == "wrong_user"
    assert client.session["_auth_user_id"] == str(member.pk)


def test_the_reader_who_is_signed_in_already_may_use_the_link(client, reader, make_link):
    client.force_login(reader)

    assert client.post(make_link()).url == PROFILE


def test_without_a_token_the_page_says_what_it_needs(client):
    answer = client.get(LOGIN_LINK)

    assert reason(answer) == "missing"
    assert "only with the link" in answer.content.decode()


def test_a_sign_up_link_does_not_sign_in(client, signup_link):
    answer = client.post(signup_link.replace("/accounts/signup/", LOGIN_LINK))

    assert reason(answer) == "scope"


def test_the_link_lives_for_the_minutes_that_the_setting_says(reader, ask, mailoutbox, settings):
    settings.REQUEST_TOKEN_EXPIRY = 3

    ask()

    assert "for 3 minutes" in mailoutbox[0].body
    token = RequestToken.objects.get()
    assert token.expiration_time - token.issued_at == timedelta(minutes=3)


def test_answers_to_the_link_are_kept_out_of_caches(client, make_link):
    answer = client.get(make_link())

    assert answer.headers["Cache-Control"] == "no-store, private"
    assert answer.headers["Referrer-Policy"] == "same-origin"


DATA = ("SELECT", "INSERT", "UPDATE", "DELETE")


def data_queries(queries):
    return [query["sql"] for query in queries if query["sql"].split()[0] in DATA]


def test_a_sign_in_takes_ten_queries(reader, make_link):
    browser = Client()
    browser.post(make_link())
    browser.post(reverse("accounts:logout"))
    link = make_link()

    with CaptureQueriesContext(connection) as queries:
        browser.post(link)

    assert len(data_queries(queries)) == 10


def test_the_session_is_saved_by_the_tenth_query_whoever_signs_in_where(client, reader, ask, mailoutbox):
    """Afterwards: the browser is noted, its owner told of it, the use put on record."""
    until_saved, all_of_it = [], []

    for _first_and_later in range(2):
        ask()
        with CaptureQueriesContext(connection) as queries:
            client.get(link_in_text(mailoutbox.pop(), LOGIN_LINK))
        data = data_queries(queries)
        until_saved.append(max(place for place, sql in enumerate(data, 1) if "django_session" in sql))
        all_of_it.append(len(data))
        client.post(reverse("accounts:logout"))

    assert until_saved == [10, 9]
    assert all_of_it == [13, 11]

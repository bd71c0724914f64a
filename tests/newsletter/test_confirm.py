from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from apps.newsletter import referrals
from apps.newsletter.models import Subscription
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.emails import link_in_html, link_in_text
from tests.support.refusals import reason

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commit_at_once")]

SUBSCRIBE = reverse("newsletter:subscribe")
CONFIRM = reverse("newsletter:confirm")
User = get_user_model()


@pytest.fixture
def confirm_path(client, mailoutbox):
    """The link in a mail that was asked for, taken from its text part."""

    def ask(email="newcomer@example.com", path=SUBSCRIBE):
        client.post(path, {"email": email})
        return link_in_text(mailoutbox[-1], CONFIRM)

    return ask


@pytest.mark.parametrize("link_in", [link_in_text, link_in_html])
def test_the_link_in_the_mail_shows_a_button_and_the_button_subscribes(visitor, mailoutbox, link_in):
    visitor.press(visitor.get(SUBSCRIBE), email="newcomer@example.com")

    page = visitor.get(link_in(mailoutbox[0], CONFIRM))
    result = visitor.press(page)

    assert "n•••@example.com" in page.content.decode()
    assert "newcomer@example.com" not in page.content.decode()
    assert "You are subscribed" in result.content.decode()
    assert Subscription.objects.active().get().user.email == "newcomer@example.com"


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_stores_nothing(client, confirm_path, method):
    path = confirm_path()

    getattr(client, method)(path)

    assert not User.objects.exists()
    assert not Subscription.objects.exists()
    assert RequestToken.objects.get().used_to_date == 0


def test_the_confirm_mail_is_no_list_mail(confirm_path, mailoutbox):
    confirm_path()

    names = {name.lower() for name in mailoutbox[0].message()}
    assert not {name for name in names if name.startswith("list-")}


def test_a_new_reader_has_no_password_and_an_unsubscribe_token(client, confirm_path):
    client.post(confirm_path())

    subscription = Subscription.objects.get()
    assert not subscription.user.has_usable_password()
    assert subscription.unsubscribe_token.scope == "newsletter.unsubscribe"
    assert subscription.unsubscribe_token.max_uses is None
    assert subscription.unsubscribe_token.expiration_time is None


def test_confirming_signs_nobody_in(client, confirm_path):
    client.post(confirm_path())

    assert "sessionid" not in client.cookies


def test_somebody_with_an_account_keeps_it(client, confirm_path):
    user = UserFactory(email="member@example.com", name="Member")

    client.post(confirm_path("Member@Example.com"))

    assert Subscription.objects.get().user == user
    assert User.objects.count() == 1


def test_somebody_who_left_comes_back_to_the_same_subscription(client, confirm_path):
    left = SubscriptionFactory(unsubscribed_at=timezone.now())

    page = client.post(confirm_path(left.user.email))

    assert "Welcome back" in page.content.decode()
    assert Subscription.objects.active().get() == left


def test_confirming_a_second_mail_changes_nothing(client, confirm_path):
    paths = [confirm_path(), confirm_path()]
    client.post(paths[0])
    before = Subscription.objects.values().get()

    page = client.post(paths[1])

    assert "You are subscribed already" in page.content.decode()
    assert Subscription.objects.values().get() == before


def test_the_link_works_once(client, confirm_path):
    path = confirm_path()
    client.post(path)

    answer = client.post(path)

    assert reason(answer) == "used_up"
    assert Subscription.objects.count() == 1


def test_the_link_works_for_two_days(confirm_path):
    confirm_path()

    token = RequestToken.objects.get()
    assert token.expiration_time - token.issued_at == pytest.approx(timedelta(hours=48), abs=timedelta(seconds=5))


def test_the_button_needs_its_csrf_token(visitor, confirm_path):
    answer = visitor.post(confirm_path())

    assert reason(answer) == "csrf"
    assert not Subscription.objects.exists()


def test_a_closed_account_is_not_subscribed_and_told_so(client, confirm_path):
    UserFactory(email="member@example.com", is_active=False)

    page = client.post(confirm_path("member@example.com"))

    assert page.status_code == 200
    assert "We cannot subscribe this address" in page.content.decode()
    assert not Subscription.objects.exists()


def test_who_came_by_an_invitation_counts_for_the_member(client, confirm_path):
    member = UserFactory()
    affiliate_path = referrals.invite(member, name="Member").tokenise(SUBSCRIBE)

    client.post(confirm_path(path=affiliate_path))

    assert Subscription.objects.get().referrer == member


def test_nobody_counts_for_themselves(client, confirm_path):
    member = UserFactory()
    affiliate_path = referrals.invite(member, name="Member").tokenise(SUBSCRIBE)

    client.post(confirm_path(member.email, path=affiliate_path))

    assert Subscription.objects.get().referrer is None


def test_who_returns_by_an_invitation_is_no_new_reader(client, confirm_path):
    left = SubscriptionFactory(unsubscribed_at=timezone.now())
    affiliate_path = referrals.invite(UserFactory(), name="Member").tokenise(SUBSCRIBE)

    client.post(confirm_path(left.user.email, path=affiliate_path))

    assert Subscription.objects.get().referrer is None


@pytest.mark.parametrize("referrer", [1, "x", "", "9" * 40, [], {"pk": 1}, "999999"])
def test_a_referrer_that_is_nobody_is_left_out(client, referrer):
    path = confirm_token(email="newcomer@example.com", referrer=referrer).tokenise(CONFIRM)

    page = client.post(path)

    assert page.status_code == 200
    assert Subscription.objects.get().referrer is None


@pytest.mark.parametrize("email", [None, 1, "", "x", "a@b\r\n.example", ["a@example.com"], "x" * 9000])
def test_a_payload_without_an_address_asks_for_a_new_link(client, email):
    token = confirm_token(email=email)

    page = client.get(token.tokenise(CONFIRM))
    answer = client.post(token.tokenise(CONFIRM))

    assert page.status_code == 200
    assert answer.status_code == 400
    assert "Ask for a new link" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("data", [[], "x", 7, [{"email": "a@example.com"}]])
def test_a_payload_of_another_shape_asks_for_a_new_link(client, data):
    token = confirm_token()
    RequestToken.objects.update(data=data)

    answer = client.post(token.tokenise(CONFIRM))

    assert answer.status_code == 400


def test_the_page_without_a_link_is_refused(client):
    assert reason(client.get(CONFIRM)) == "missing"


def confirm_token(**data):
    return RequestToken.objects.create_token(scope="newsletter.confirm", data=data)

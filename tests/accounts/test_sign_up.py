from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.emails import link_in_text
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

LOGIN_LINK = reverse("accounts:login_link")
SIGNUP_LINK = reverse("accounts:signup")


def test_from_the_form_to_the_members_page(visitor, mailoutbox, link_in):
    visitor.press(visitor.get(reverse("accounts:login")), email="Newcomer@Example.com")
    page = visitor.get(link_in(mailoutbox[0], SIGNUP_LINK))

    answer = visitor.press(page)

    user = User.objects.get()
    assert answer.url == reverse("accounts:profile")
    assert user.email == "newcomer@example.com"
    assert not user.has_usable_password()
    assert not user.is_staff
    assert visitor.user_id == user.pk
    assert "Your account is ready" in visitor.get(answer.url).content.decode()


def test_opening_the_link_makes_no_account(client, signup_link):
    page = client.get(signup_link)

    assert "newcomer@example.com" in page.content.decode()
    assert not User.objects.exists()
    assert "_auth_user_id" not in client.session


def test_the_link_works_once(client, signup_link):
    client.post(signup_link)
    User.objects.all().delete()

    answer = client.post(signup_link)

    assert reason(answer) == "used_up"
    assert not User.objects.exists()


def test_an_expired_link_makes_no_account(client, signup_link):
    RequestToken.objects.update(expiration_time=timezone.now() - timedelta(seconds=1))

    answer = client.post(signup_link)

    assert reason(answer) == "expired"
    assert not User.objects.exists()


@pytest.mark.parametrize("is_active", [True, False])
def test_an_account_made_meanwhile_is_not_entered(client, signup_link, is_active):
    UserFactory(email="newcomer@example.com", is_active=is_active)

    answer = client.post(signup_link, follow=True)

    assert answer.redirect_chain == [(reverse("accounts:login"), 303)]
    assert "There is an account with this address by now" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 1


def test_somebody_signed_in_is_told_that_the_account_changes(client, signup_link):
    client.force_login(UserFactory(email="member@example.com"))

    page = client.get(signup_link).content.decode()
    client.post(signup_link)

    assert "Going on signs you out of that account" in page
    assert client.session["_auth_user_id"] == str(User.objects.get(email="newcomer@example.com").pk)


def test_a_sign_in_link_does_not_sign_up(client, make_link):
    answer = client.post(make_link().replace(LOGIN_LINK, SIGNUP_LINK))

    assert reason(answer) == "scope"
    assert "_auth_user_id" not in client.session


def test_a_new_reader_signs_in_by_link_from_then_on(client, signup_link, ask, mailoutbox):
    client.post(signup_link)
    client.post(reverse("accounts:logout"))

    ask("newcomer@example.com")

    assert link_in_text(mailoutbox[0], LOGIN_LINK)

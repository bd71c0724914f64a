"""What the owner hears of a sign-in, and can do about it."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import KnownBrowser, User
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.browsers import Visitor
from tests.support.emails import link_in_text, text_of
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

NOT_ME = reverse("accounts:not_me")
LOGIN_LINK = reverse("accounts:login_link")
PROFILE = reverse("accounts:profile")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def sign_in(make_link, django_capture_on_commit_callbacks):
    """By a link that nobody in particular asked for."""

    def sign_in(browser, **headers):
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(make_link(), headers=headers)
        assert browser.get(PROFILE).status_code == 200

    return sign_in


@pytest.fixture
def notice(client, sign_in, mailoutbox):
    """The link in the notice after ``client`` has signed in."""
    sign_in(client, **{"user-agent": FIREFOX})
    return link_in_text(mailoutbox.pop(), NOT_ME)


def is_signed_in(browser):
    return browser.get(PROFILE).status_code == 200


def test_a_sign_in_from_a_browser_never_seen_before_is_told(client, sign_in, mailoutbox, link_in):
    sign_in(client, **{"user-agent": FIREFOX})

    [mail] = mailoutbox
    assert mail.to == ["reader@example.com"]
    assert (
        f"Firefox on Linux signed in to your account at {settings.SITE_NAME} on {timezone.now():%-d %B %Y}"
        in text_of(mail)
    )
    assert link_in(mail, NOT_ME)


def test_the_same_browser_is_told_of_once(client, sign_in, mailoutbox):
    sign_in(client)
    client.post(reverse("accounts:logout"))
    sign_in(client)

    assert len(mailoutbox) == 1


def test_a_browser_that_somebody_else_signed_in_with_is_new_to_this_person(client, sign_in, mailoutbox):
    client.force_login(UserFactory())
    client.post(reverse("accounts:logout"))

    sign_in(client)

    assert len(mailoutbox) == 1


def test_signing_up_is_no_news(signup_link, client, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post(signup_link)

    assert mailoutbox == []
    assert KnownBrowser.objects.get().user == User.objects.get()


def test_a_notice_that_cannot_be_sent_keeps_nobody_out(client, sign_in, monkeypatch):
    def send_messages(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send_messages)

    sign_in(client)

    assert is_signed_in(client)


def test_opening_the_link_ends_nothing(client, notice):
    page = Client().get(notice).content.decode()

    assert "reader@example.com" in page
    assert is_signed_in(client)


def test_the_button_ends_every_session_and_link_and_signs_nobody_in(client, notice, make_link, sign_in):
    other, owner, outstanding = Client(), Visitor(), make_link()
    sign_in(other)
    outstanding = make_link()

    answer = owner.press(owner.get(notice))

    assert "Everybody is signed out" in answer.content.decode()
    assert [is_signed_in(browser) for browser in (client, other, owner)] == [False, False, False]
    assert reason(Client().get(outstanding)) == "revoked"
    assert not KnownBrowser.objects.exists()


def test_whoever_is_signed_in_the_button_works(notice):
    somebody = Visitor()
    member = UserFactory(email="member@example.com")
    somebody.force_login(member)

    somebody.press(somebody.get(notice))

    assert somebody.user_id == member.pk


def test_the_link_works_for_seven_days_and_as_often_as_needed(notice):
    token = RequestToken.objects.get(scope="accounts.not_me")
    answers = [Client().post(notice).status_code for _ in range(3)]

    assert answers == [200] * 3
    assert timedelta(days=6, hours=23) < token.expiration_time - timezone.now() <= timedelta(days=7)


def test_the_link_signs_nobody_in_elsewhere(notice):
    stranger = Client()

    answer = stranger.post(notice.replace(NOT_ME, LOGIN_LINK))

    assert reason(answer) == "scope"
    assert not is_signed_in(stranger)


def test_the_members_page_shows_when_and_where_one_signed_in(client, notice):
    page = client.get(PROFILE).content.decode()

    assert "<dt>Firefox on Linux</dt>" in page


def test_a_password_typed_in_a_new_browser_is_told_too(client, mailoutbox, django_capture_on_commit_callbacks):
    User.objects.create_superuser("editor@example.com", "a password")

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:login"), {"username": "editor@example.com", "password": "a password"})

    assert mailoutbox[0].to == ["editor@example.com"]

"""What ends a session, and what a sign-in by link ends."""

import hashlib
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.signals import address_proven
from tests.factories import UserFactory
from tests.support.browsers import Visitor

pytestmark = pytest.mark.django_db

PROFILE = reverse("accounts:profile")
EVERYWHERE = reverse("accounts:sign_out_everywhere")


@pytest.fixture
def signed_in(client, reader):
    client.force_login(reader)
    return client


def is_signed_in(browser):
    return browser.get(PROFILE).status_code == 200


@pytest.mark.parametrize("change", [{"email": "moved@example.com"}, {"session_mark": "another"}, {"password": "!"}])
def test_a_session_ends_with_the_address_the_password_and_the_mark(signed_in, change):
    """Threat: a session that outlives the address."""
    User.objects.update(**change)

    assert not is_signed_in(signed_in)


def test_a_session_ends_when_the_account_is_closed(signed_in):
    User.objects.update(is_active=False)

    assert not is_signed_in(signed_in)


def test_using_a_session_does_not_prolong_it(client, make_link):
    client.post(make_link())
    ends_at = Session.objects.get().expire_date

    assert is_signed_in(client)
    assert Session.objects.get().expire_date == ends_at
    assert ends_at <= timezone.now() + timedelta(days=14)


def test_a_session_outlives_the_name_and_the_key_it_was_made_with(signed_in, settings):
    User.objects.update(name="Reader")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" + "x" * 50

    assert is_signed_in(signed_in)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_signed_in(signed_in)


def test_a_session_ends_with_a_key_that_is_no_fallback(signed_in, settings):
    settings.SECRET_KEY = "another-key-" + "x" * 50

    assert not is_signed_in(signed_in)


def test_signing_out_everywhere_keeps_the_browser_with_the_button(reader):
    here, elsewhere = Visitor(), Client()
    for browser in (here, elsewhere):
        browser.force_login(reader)
    page = here.get(PROFILE)
    token = here.cookies["csrftoken"].value

    answer = here.post(EVERYWHERE, {"csrfmiddlewaretoken": token})

    assert f'action="{EVERYWHERE}"' in page.content.decode()
    assert answer.status_code == 303
    assert (is_signed_in(here), is_signed_in(elsewhere)) == (True, False)


def test_signing_out_everywhere_forgets_every_other_browser(client, make_link, reader):
    for browser in (client, Client()):
        browser.post(make_link())

    client.post(EVERYWHERE)

    [known] = reader.known_browsers.all()
    assert known.digest == hashlib.sha256(client.cookies["__Host-browser"].value.encode()).hexdigest()


def test_signing_out_everywhere_takes_a_button(signed_in):
    assert signed_in.get(EVERYWHERE).status_code == 405


def test_the_first_link_on_an_account_nobody_has_proven_ends_its_password_and_sessions(reader, make_link):
    """Threat: an account made with somebody else's address and a password, which waits for its owner."""
    reader.set_password("known to whoever made the account")
    reader.save()
    intruder, owner, told = Client(), Client(), []
    intruder.force_login(reader)
    address_proven.connect(lambda sender, user, **kwargs: told.append(user.email), weak=False, dispatch_uid="test")

    owner.post(make_link())
    address_proven.disconnect(dispatch_uid="test")

    reader.refresh_from_db()
    assert not reader.has_usable_password()
    assert reader.address_proven_at is not None
    assert (is_signed_in(intruder), is_signed_in(owner)) == (False, True)
    assert told == ["reader@example.com"]


def test_any_later_link_leaves_password_and_sessions_alone(make_link):
    reader = UserFactory(email="member@example.com", password="a password", address_proven_at=timezone.now())
    elsewhere, here = Client(), Client()
    elsewhere.force_login(reader)

    here.post(make_link(reader))

    reader.refresh_from_db()
    assert reader.check_password("a password")
    assert (is_signed_in(elsewhere), is_signed_in(here)) == (True, True)


def test_a_receiver_that_fails_undoes_the_sign_in(reader, make_link):
    def receiver(sender, **kwargs):
        raise RuntimeError("a host's own code")

    address_proven.connect(receiver, dispatch_uid="test")
    link, browser = make_link(), Client(raise_request_exception=False)

    answer = browser.post(link)
    address_proven.disconnect(dispatch_uid="test")

    assert answer.status_code == 500
    assert User.objects.get().address_proven_at is None
    assert browser.post(link).status_code == 303


def test_a_password_alone_proves_no_address(client):
    User.objects.create_user("editor@example.com", "a password", is_staff=True)

    client.post(reverse("admin:login"), {"username": "editor@example.com", "password": "a password"})

    assert User.objects.get().address_proven_at is None


def test_whoever_was_made_on_the_command_line_keeps_the_password(make_link):
    editor = User.objects.create_superuser("editor@example.com", "a password")

    Client().post(make_link(editor))

    editor.refresh_from_db()
    assert editor.check_password("a password")

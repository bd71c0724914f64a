"""Another address, a fresh sign-in before it, and leaving."""

import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import KnownBrowser, SignInRequest, User
from apps.newsletter import services as newsletter
from apps.tokens.models import RequestToken, RequestTokenLog
from tests.factories import UserFactory
from tests.support.browsers import Visitor
from tests.support.emails import link_in_text
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

PROFILE = reverse("accounts:profile")
CHANGE = reverse("accounts:change_address")
CONFIRM = reverse("accounts:confirm_address")
FRESH = reverse("accounts:fresh")
DELETE = reverse("accounts:delete")
LOGIN_LINK = reverse("accounts:login_link")


@pytest.fixture
def member(reader):
    visitor = Visitor()
    visitor.force_login(reader)
    return visitor


@pytest.fixture
def stale(member):
    """Signed in eleven minutes ago."""
    session = member.session
    session["signed_in_at"] = int(time.time()) - 11 * 60
    session.save()
    return member


@pytest.fixture
def confirm_link(member, mailoutbox):
    member.press(member.get(CHANGE), email="Moved@example.com")
    return link_in_text(mailoutbox.pop(), CONFIRM)


@pytest.mark.parametrize("path", [CHANGE, DELETE])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_session_found_open_changes_neither_address_nor_account(stale, path, method):
    """Threat: a session found open."""
    client = Client()
    client.cookies = stale.cookies

    answer = getattr(client, method)(path, {"email": "moved@example.com"})

    assert answer.url.startswith(f"{FRESH}?next=%2Faccounts%2F")
    assert User.objects.get().email == "reader@example.com"


def test_the_link_of_a_fresh_sign_in_leads_back_to_where_one_was(stale, reader, mailoutbox):
    asked = stale.press(stale.get(stale.get(CHANGE).url))

    back = stale.get(link_in_text(mailoutbox[0], LOGIN_LINK))

    assert asked.url == reverse("accounts:login_sent")
    assert mailoutbox[0].to == ["reader@example.com"]
    assert back.url == CHANGE
    assert stale.get(CHANGE).status_code == 200


def test_a_fresh_sign_in_serves_no_copy_of_the_older_cookie(stale, reader, mailoutbox):
    """Threat: a stolen cookie that becomes fresh with its owner's sign-in."""
    thief = Visitor()
    thief.cookies["sessionid"] = stale.cookies["sessionid"].value
    stale.press(stale.get(reverse("accounts:fresh")))

    stale.get(link_in_text(mailoutbox[0], reverse("accounts:login_link")))

    assert thief.get(PROFILE).status_code == 302
    assert stale.get(PROFILE).status_code == 200


def test_a_session_that_does_not_say_when_it_began_is_not_fresh(member):
    session = member.session
    del session["signed_in_at"]
    session.save()

    assert member.get(CHANGE).url.startswith(FRESH)


def test_a_fresh_sign_in_never_leads_off_the_site(member):
    assert 'name="next"' not in member.get(FRESH, {"next": "//evil.example"}).content.decode()


def test_asking_changes_nothing_until_the_new_address_confirms(member, mailoutbox):
    member.press(member.get(CHANGE), email="moved@example.com")

    assert mailoutbox[0].to == ["moved@example.com"]
    assert User.objects.get().email == "reader@example.com"


def test_opening_the_link_changes_nothing(member, confirm_link):
    page = Client().get(confirm_link)

    assert "moved@example.com" in page.content.decode()
    assert User.objects.get().email == "reader@example.com"


def test_the_button_moves_the_account_and_tells_the_old_address(
    member, reader, confirm_link, mailoutbox, django_capture_on_commit_callbacks
):
    elsewhere = Client()
    elsewhere.force_login(reader)

    with django_capture_on_commit_callbacks(execute=True):
        member.press(member.get(confirm_link))

    assert User.objects.get().email == "moved@example.com"
    assert mailoutbox[0].to == ["reader@example.com"]
    assert "moved@" not in mailoutbox[0].body
    assert member.get(PROFILE).status_code == 200
    assert elsewhere.get(PROFILE).status_code == 302


def test_the_button_signs_nobody_in(confirm_link):
    stranger = Client()

    stranger.post(confirm_link)

    assert User.objects.get().email == "moved@example.com"
    assert stranger.get(PROFILE).status_code == 302


def test_an_address_that_was_taken_meanwhile_is_not_taken_away(member, confirm_link):
    UserFactory(email="moved@example.com")

    answer = member.press(member.get(confirm_link))

    assert answer.status_code == 409
    assert User.objects.filter(email="reader@example.com").exists()


def test_of_two_links_for_two_addresses_the_second_moves_nothing(member, confirm_link, mailoutbox):
    member.press(member.get(CHANGE), email="second@example.com")
    second = link_in_text(mailoutbox.pop(), CONFIRM)
    member.press(member.get(confirm_link))

    answer = member.press(member.get(second))

    assert answer.status_code == 409
    assert User.objects.get().email == "moved@example.com"


def test_signing_out_everywhere_ends_the_link_for_a_new_address(member, reader, confirm_link):
    member.post(reverse("accounts:sign_out_everywhere"), {"csrfmiddlewaretoken": member.cookies["csrftoken"].value})

    assert reason(Client().post(confirm_link)) == "revoked"


def test_a_member_sees_what_is_stored(member, reader):
    page = member.get(reverse("accounts:stored")).content.decode()

    assert "reader@example.com" in page
    assert f'href="{DELETE}"' in page


def test_the_members_page_says_whether_one_is_subscribed(member):
    before = member.get(PROFILE).content.decode()
    newsletter.subscribe("reader@example.com")

    assert "You are subscribed." not in before
    assert "You are subscribed." in member.get(PROFILE).content.decode()


def test_opening_the_page_to_delete_deletes_nothing(member):
    member.get(DELETE)

    assert User.objects.exists()


def test_a_deleted_account_leaves_nothing_behind(member, ask, client):
    """The links that carry its address, too: to sign up, to confirm, to come back."""
    client.post(reverse("newsletter:subscribe"), {"email": "reader@example.com"})
    ask("reader@example.com")
    newsletter.subscribe("reader@example.com")
    RequestToken.objects.create_token(scope="accounts.signup", data={"email": "reader@example.com"})
    newsletter.request_confirmation("reader@example.com")

    answer = member.press(member.get(DELETE))

    assert answer.url == reverse("home")
    assert not User.objects.exists()
    assert not RequestToken.objects.exists()
    assert not RequestTokenLog.objects.exists()
    assert not SignInRequest.objects.exists()
    assert member.get(PROFILE).status_code == 302


def test_old_links_are_pruned_with_what_was_kept_of_who_asked(reader, ask):
    ask()
    KnownBrowser.objects.create(user=reader, digest="old", last_seen_at=timezone.now() - timedelta(days=400))
    old = timezone.now() - timedelta(days=100)
    RequestToken.objects.update(issued_at=old, expiration_time=old)
    ask()

    call_command("prune_sign_ins", stdout=StringIO())
    call_command("prune_request_tokens", "--days=90", stdout=StringIO())

    assert RequestToken.objects.get().asked == SignInRequest.objects.get()
    assert not KnownBrowser.objects.exists()

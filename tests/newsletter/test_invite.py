from html import unescape
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from apps.newsletter import referrals
from apps.newsletter.models import Invitation
from apps.tokens.models import RequestToken
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

INVITE = reverse("newsletter:invite")
SUBSCRIBE = reverse("newsletter:subscribe")


@pytest.fixture
def member():
    return UserFactory(name="Member")


@pytest.fixture
def signed_in(visitor, member):
    visitor.force_login(member)
    return visitor


def test_a_stranger_is_asked_to_sign_in(client):
    answer = client.get(INVITE)

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("accounts:login"))


def test_opening_the_page_makes_no_link(signed_in):
    page = signed_in.get(INVITE)

    assert "Get my link" in page.content.decode()
    assert not RequestToken.objects.exists()


def test_the_button_makes_a_link_that_greets_by_name(signed_in, client):
    signed_in.press(signed_in.get(INVITE), name="A friend")

    link = urlsplit(signed_in.get(INVITE).context["link"])
    page = client.get(f"{link.path}?{link.query}")
    assert f"{link.scheme}://{link.netloc}" == "https://latchkey.example"
    assert "A friend invites you" in unescape(page.content.decode())


def test_another_name_keeps_the_link(signed_in):
    signed_in.press(signed_in.get(INVITE), name="Member")
    before = signed_in.get(INVITE).context["link"]

    signed_in.press(signed_in.get(INVITE), name="Somebody")

    page = signed_in.get(INVITE)
    assert page.context["link"] == before
    assert 'value="Somebody"' in page.content.decode()


def test_a_link_that_was_revoked_is_replaced_on_request(signed_in, member):
    referrals.invite(member, name="Member").revoke()

    page = signed_in.get(INVITE)
    signed_in.press(page, name="Member")

    assert not page.context["link"]
    assert signed_in.get(INVITE).context["link"]


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "see https://example.com", "a@example.com", "<b>", "\0"])
def test_a_name_that_strangers_should_not_be_shown_is_refused(signed_in, name):
    page = signed_in.press(signed_in.get(INVITE), name=name)

    assert page.status_code == 200
    assert 'class="field-error"' in page.content.decode()
    assert not Invitation.objects.exists()


def test_the_invitation_of_a_closed_account_counts_for_nobody(member):
    link = referrals.invite(member, name="Member").tokenise(reverse("newsletter:subscribe"))
    member.is_active = False
    member.save()

    Client().get(link)

    assert Invitation.objects.get().clicks == 0

"""Only an issue is list mail. A list header elsewhere would offer to unsubscribe from one's own sign-in link."""

import re

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from apps.accounts.asking import login_token
from apps.accounts.scopes import CHANGE_ADDRESS
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.emails import received

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commit_at_once")]


def ask_to_subscribe(client):
    client.post(reverse("newsletter:subscribe"), {"email": "newcomer@example.com"})


def ask_to_sign_in(client):
    client.post(reverse("accounts:login"), {"email": UserFactory().email})


def ask_to_sign_up(client):
    client.post(reverse("accounts:login"), {"email": "newcomer@example.com"})


def sign_in_from_a_new_browser(client):
    client.post(login_token(UserFactory()).tokenise(reverse("accounts:login_link")))


def ask_for_another_address(client):
    client.force_login(UserFactory())
    client.post(reverse("accounts:change_address"), {"email": "moved@example.com"})


def confirm_another_address(client):
    user = UserFactory()
    token = RequestToken.objects.create_token(
        scope=CHANGE_ADDRESS, login_mode="Request", user=user, data={"email": "moved@example.com", "old": user.email}
    )
    client.post(token.tokenise(reverse("accounts:confirm_address")))


TRANSACTIONAL = {
    "newsletter/mail/confirm": ask_to_subscribe,
    "accounts/mail/login": ask_to_sign_in,
    "accounts/mail/signup": ask_to_sign_up,
    "accounts/mail/new_browser": sign_in_from_a_new_browser,
    "accounts/mail/confirm_address": ask_for_another_address,
    "accounts/mail/address_changed": confirm_another_address,
}
LIST_MAIL = {"mailing/mail/issue"}


def list_headers(message):
    names = ("list-", "precedence", "feedback-id")
    return [name for name in message if name.lower().startswith(names)]


@pytest.mark.parametrize("template", TRANSACTIONAL)
def test_a_transactional_mail_carries_no_list_header(client, mailoutbox, template):
    TRANSACTIONAL[template](client)

    [mail] = mailoutbox
    assert list_headers(received(mail)) == []
    assert received(mail)["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<\S+@latchkey\.example>", received(mail)["Message-ID"])


def test_an_issue_carries_the_headers_of_a_list(issue, subscription, mailoutbox):
    call_command("send_issue", issue.slug)

    assert {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} <= set(list_headers(received(mailoutbox[0])))


def test_the_list_above_names_every_mail_of_the_site():
    [folder] = settings.TEMPLATES[0]["DIRS"]

    templates = {str(path.relative_to(folder).with_suffix("")) for path in folder.glob("*/mail/*.txt")}

    assert templates == set(TRANSACTIONAL) | LIST_MAIL

"""Every page of the admin, and every token that is on one of them."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.newsletter import referrals, services
from apps.tokens.access import tokens as access_tokens
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory, SubscriptionFactory

# Anything that could be a token of either kind, wherever it stands.
WORD = re.compile(r"[\w.~-]{40,}")


@pytest.fixture
def everything(db):
    """A row of every kind that has a link to its name."""
    subscription = SubscriptionFactory()
    services.ensure_unsubscribe_token(subscription)
    referrals.invite(subscription.user, name="Member")
    IssueFactory()
    call_command("send_magic_link", subscription.user.email)
    RequestToken.objects.create_token(scope="newsletter.confirm", data={"email": "reader@example.com"})


def somebody_who_may_only_look():
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


def a_superuser():
    return UserFactory(is_staff=True, is_superuser=True)


def crawl(client, start):
    """Every page that links lead to from here, by its address."""
    seen, waiting = {}, [start]
    while waiting:
        address = waiting.pop()
        if address in seen or "logout" in address:
            continue
        response = client.get(address)
        seen[address] = response.text if "text/html" in response.headers["Content-Type"] else ""
        waiting += re.findall(r'href="(/admin/[^"#?]*)', seen[address])
    return seen


def tokens_in(pages):
    """The words on these pages that are tokens of this site, still good or not."""
    words = {word for page in pages.values() for word in WORD.findall(page)}
    return {word for word in words if access_tokens.inspect(word).scope or is_request_token(word)}


def is_request_token(word):
    if "." not in word:  # as what forms against CSRF have, by the hundred
        return False
    answer = Client().get("/", {"rt": word})
    return answer.status_code != 403 or answer.context["error"].code != "invalid"


@pytest.mark.parametrize("make_staff", [somebody_who_may_only_look, a_superuser])
def test_no_page_of_the_admin_has_a_token_on_it(client, everything, make_staff):
    client.force_login(make_staff())

    pages = crawl(client, reverse("admin:index"))

    token = RequestToken.objects.filter(login_mode="Session").get()
    assert reverse("admin:tokens_requesttoken_change", args=[token.pk]) in pages
    assert reverse("admin:tokens_requesttoken_explain") in pages
    assert tokens_in(pages) == set()


def test_the_crawl_would_find_a_link_that_works(everything, client):
    token = RequestToken.objects.filter(login_mode="Session").get()

    assert tokens_in({"page": f'<a href="{token.tokenise("/")}">'}) == {token.jwt()}

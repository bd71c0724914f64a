"""The Content-Security-Policy: on every response, and no page needs what it forbids."""

import pytest
from django.contrib.auth import get_user_model
from django.test import override_settings
from django.urls import path, reverse

from apps.tokens.models import RequestToken
from config.urls import urlpatterns as site_urls
from tests.factories import UserFactory
from tests.site.test_pages import Page

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

pytestmark = pytest.mark.django_db


def fail(request):
    raise RuntimeError


urlpatterns = [path("broken/", fail), *site_urls]


@pytest.mark.parametrize(
    ("address", "status"),
    [("/", 200), ("/no/such/page/", 404), ("/broken/", 500), ("/accounts", 301), ("/admin/login/", 200)],
)
@override_settings(ROOT_URLCONF=__name__)
def test_every_response_names_the_policy(client, address, status):
    client.raise_request_exception = False

    response = client.get(address)

    assert (response.status_code, response.headers["Content-Security-Policy"]) == (status, POLICY)


def test_a_refusal_and_a_foreign_host_are_no_exception(client, settings):
    refused = client.get("/?rt=eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.AAAA")
    foreign = client.get("/", headers={"host": "evil.example"})

    assert (refused.status_code, foreign.status_code) == (403, 400)
    assert refused.headers["Content-Security-Policy"] == foreign.headers["Content-Security-Policy"] == POLICY


@override_settings(SECURE_SSL_REDIRECT=True)
def test_the_way_to_https_is_no_exception(client):
    response = client.get("/")

    assert (response.status_code, response.headers["Content-Security-Policy"]) == (301, POLICY)


def admin_addresses():
    names = ["tokens_requesttoken", "accounts_user", "newsletter_issue", "newsletter_subscription"]
    return [
        "admin:index",
        "admin:tokens_requesttoken_explain",
        *(f"admin:{name}_{page}" for name in names for page in ("changelist", "add")),
    ]


@pytest.mark.parametrize("name", admin_addresses())
def test_no_page_of_the_admin_has_inline_code(client, name):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    response = client.get(reverse(name))

    assert inline_code(response.text) == []


def test_the_page_of_one_person_in_the_admin_has_no_inline_code(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    response = client.get(reverse("admin:accounts_user_change", args=[get_user_model().objects.get().pk]))

    assert inline_code(response.text) == []


def test_the_pages_about_one_token_have_no_inline_code(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    form = {"address": "/", "scope": "newsletter.subscribe", "login_mode": "None", "data": "{}", "max_uses": "1"}

    issued = client.post(reverse("admin:tokens_requesttoken_add"), form)
    token = RequestToken.objects.get()
    shown = client.get(reverse("admin:tokens_requesttoken_change", args=[token.pk]))
    explained = client.post(reverse("admin:tokens_requesttoken_explain"), {"link": str(token.pk)})

    assert "shown only once" in issued.text
    assert [inline_code(page.text) for page in (issued, shown, explained)] == [[], [], []]


def inline_code(html):
    page = Page(html)
    scripts = [tag for tag, attributes in page.elements if tag == "script" and "src" not in attributes]
    handlers = [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    styles = [tag for tag, attributes in page.elements if tag == "style" or "style" in attributes]
    return scripts + handlers + styles

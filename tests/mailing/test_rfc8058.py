"""
One-click unsubscription (RFC 8058), from the bytes that a mail server was given to the reader who gets no more.

Everything here begins with a message that was really sent over SMTP; the address comes from its header.
"""

import re
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from apps.newsletter import services
from apps.newsletter.checks import check_one_click_is_not_redirected
from apps.newsletter.models import Issue, Subscription
from tests.newsletter.factories import IssueFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db

HEADERS = ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"]
TEN_YEARS = timedelta(days=3653)
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
BODIES = {
    "urlencoded": (URLENCODED, b"List-Unsubscribe=One-Click"),
    "multipart": (
        MULTIPART,
        b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--',
    ),
    "multipart that breaks off": (MULTIPART, b'--b\r\nContent-Disposition: form-data; name="List-Uns'),
    "multipart without boundary": ("multipart/form-data", b"List-Unsubscribe=One-Click"),
    "empty": (URLENCODED, b""),
    "no type": ("", b"List-Unsubscribe=One-Click"),
    "neither": ("", b""),
    "a type nobody knows": ("application/x-nothing", b"\xff\xfe\x00"),
    "a charset nobody knows": (f"{URLENCODED}; charset=nonsense", b"\xff=\xfe"),
    "JSON that breaks off": ("application/json", b'{"List-Unsubscribe":'),
    "another token": (URLENCODED, b"rt=eyJ.e30.x"),
    "a thousand and one fields": (URLENCODED, b"&".join([b"a=b"] * 1001)),
    "three megabytes": (URLENCODED, b"a" * 3_000_000),
}


@pytest.fixture
def send(smtp):
    """The emails of one new issue, as the server was given them."""

    def send(**fields):
        smtp.accepted.clear()
        call_command("send_issue", IssueFactory(**fields).slug)
        return [content for _, content in smtp.accepted]

    return send


@pytest.fixture
def uri(send, subscription):
    [message] = send()
    return uri_in(message)


@pytest.fixture(params=["by confirming", "for sending"])
def lasting_uri(request, send, subscription):
    """The address of a link from either of the two places that make one."""
    if request.param == "by confirming":
        services.ensure_unsubscribe_token(subscription)
    [message] = send()
    return uri_in(message)


def headers(message, name):
    """The values of a header, unfolded, as bytes."""
    head = message.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    return re.findall(rb"^%s:[ \t]*(.*?)\r?$" % name.encode(), head, re.MULTILINE | re.IGNORECASE)


def uri_in(message):
    [value] = headers(message, "List-Unsubscribe")
    return value.decode("ascii").removeprefix("<").removesuffix(">")


def request(method, uri, body="urlencoded", client=None):
    """What a provider's machine sends: no cookie, no CSRF token, no Referer, to the very address in the header."""
    address = urlsplit(uri)
    content_type, content = BODIES[body] if method == "POST" else ("", b"")
    return (client or Client(enforce_csrf_checks=True)).generic(
        method,
        f"{address.path}?{address.query}",
        content,
        content_type=content_type,
        secure=address.scheme == "https",
        HTTP_HOST=address.netloc,
    )


def one_click(uri, body="urlencoded"):
    return request("POST", uri, body)


def is_active(subscription):
    return Subscription.objects.active().filter(pk=subscription.pk).exists()


def rows(*labels):
    """Everything that is stored, or the part of it that these apps store."""
    # Tests of the token app bring models that have no table here.
    tables = set(connection.introspection.table_names())
    models = [model for model in apps.get_models() if not labels or model._meta.app_label in labels]
    models = [model for model in models if model._meta.db_table in tables]
    return {model: list(model.objects.order_by("pk").values()) for model in models}


# The message


@pytest.mark.parametrize("name", HEADERS)
def test_each_header_is_there_once(send, subscription, name):
    [message] = send()

    assert len(headers(message, name)) == 1


def test_one_https_address_in_angle_brackets(send, subscription):
    [message] = send()

    [value] = headers(message, "List-Unsubscribe")
    assert re.fullmatch(rb"<https://latchkey\.example/[!-;=?-~]+>", value)


def test_the_words_of_the_second_header_are_exact(send, subscription):
    [message] = send()

    assert headers(message, "List-Unsubscribe-Post") == [b"List-Unsubscribe=One-Click"]


@pytest.mark.parametrize("host", ["latchkey.example", f"{'a' * 63}.{'b' * 63}.latchkey.example"])
def test_no_list_header_is_encoded_or_broken_however_long(settings, send, subscription, host):
    settings.SITE_URL = f"https://{host}"
    settings.DEFAULT_FROM_EMAIL = "Die Zeitung für Schlüssel <news@latchkey.example>"

    [message] = send(title="Schlüssel " * 12)

    head = message.partition(b"\r\n\r\n")[0]
    lines = re.findall(rb"^List-.*(?:\r\n[ \t].*)*", head, re.MULTILINE)
    assert len(lines) == 3
    assert max(len(line) for line in lines) > 100
    assert not [line for line in lines if b"=?" in line or b"\r\n" in line.rstrip()]
    assert b"=?utf-8?" in head


def test_two_readers_have_two_addresses_and_each_ends_one_subscription(send):
    readers = SubscriptionFactory.create_batch(2)
    messages = {headers(message, "To")[0].decode(): message for message in send()}

    one_click(uri_in(messages[readers[0].user.email]))

    assert len({uri_in(message) for message in messages.values()}) == 2
    assert [is_active(reader) for reader in readers] == [False, True]


# The POST


@pytest.mark.parametrize("body", BODIES)
def test_the_reader_is_unsubscribed_whatever_the_body(uri, subscription, body):
    answer = one_click(uri, body)

    assert answer.status_code == 200
    assert not is_active(subscription)


def test_one_click_sets_no_cookie(uri):
    answer = one_click(uri)

    assert not answer.has_header("Set-Cookie")
    assert not answer.cookies


def test_one_machine_may_post_for_many_readers(send):
    # More than one client may have emails sent within an hour.
    readers = SubscriptionFactory.create_batch(21)

    statuses = {one_click(uri_in(message)).status_code for message in send()}

    assert statuses == {200}
    assert not any(is_active(reader) for reader in readers)


def login_required_for_all(settings):
    place = settings.MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1
    added = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], added, *settings.MIDDLEWARE[place:]]


def https_only(settings):
    settings.SECURE_SSL_REDIRECT = True


def append_slash(settings):
    settings.APPEND_SLASH = True


def prepend_www(settings):
    settings.PREPEND_WWW = True
    settings.ALLOWED_HOSTS = ["www.latchkey.example"]
    settings.SITE_URL = "https://www.latchkey.example"


@pytest.mark.parametrize(
    "switches",
    [
        [https_only],
        [append_slash],
        [prepend_www],
        [login_required_for_all],
        [https_only, append_slash, prepend_www, login_required_for_all],
    ],
)
def test_no_setting_redirects_one_click(settings, send, subscription, switches):
    for switch in switches:
        switch(settings)
    [message] = send()

    answer = one_click(uri_in(message))

    assert answer.status_code == 200
    assert not is_active(subscription)


def test_a_site_whose_own_settings_would_redirect_it_does_not_pass_its_checks(settings):
    settings.PREPEND_WWW = True

    [error] = check_one_click_is_not_redirected(None)

    assert error.id == "newsletter.E001"
    assert "https://www.latchkey.example" in error.hint


# Later


def test_one_click_works_after_the_key_was_rotated(settings, uri, subscription):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next key, as long as a key should be: 0123456789 abcdefghijklmnopqrst"

    answer = one_click(uri)

    assert answer.status_code == 200
    assert not is_active(subscription)


def test_one_click_works_after_the_issue_is_deleted(uri, subscription):
    Issue.objects.all().delete()

    answer = one_click(uri)

    assert answer.status_code == 200
    assert not is_active(subscription)


def test_one_click_works_ten_years_later(monkeypatch, lasting_uri, subscription):
    now, seconds = timezone.now() + TEN_YEARS, time.time() + TEN_YEARS.total_seconds()
    monkeypatch.setattr(timezone, "now", lambda: now)
    monkeypatch.setattr(time, "time", lambda: seconds)

    answer = one_click(lasting_uri)

    assert answer.status_code == 200
    assert Subscription.objects.get().unsubscribed_at == now


def test_a_second_post_changes_nothing(lasting_uri):
    one_click(lasting_uri)
    before = rows("newsletter", "accounts", "sessions")

    answer = one_click(lasting_uri)

    assert answer.status_code == 200
    assert rows("newsletter", "accounts", "sessions") == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(uri, subscription, method):
    client = Client()
    before = rows()

    statuses = {request(method, uri, client=client).status_code for _ in range(3)}

    assert statuses == {200}
    assert rows() == before
    assert is_active(subscription)


# And nothing else


def views_of(resolver, prefix=""):
    """Every view of the URLconf with its address."""
    for pattern in resolver.url_patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from views_of(pattern, path)
        else:
            yield path, pattern.callback


def test_no_other_view_is_exempt_from_csrf(settings):
    views = dict(views_of(get_resolver()))

    exempt = {path for path, view in views.items() if getattr(view, "csrf_exempt", False)}
    assert exempt == {"newsletter/unsubscribe/"}
    assert {"admin/login/", "newsletter/unsubscribe/reason/", "newsletter/resubscribe/"} <= set(views)
    assert "django.middleware.csrf.CsrfViewMiddleware" in settings.MIDDLEWARE

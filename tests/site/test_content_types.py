"""
What a stranger may write into Content-Type.

Asked of the applications that a server runs, with what a server hands them: Django's test client makes its requests
in another way, and some of these it could not even send.
"""

import asyncio
import io
import logging
import re
from encodings.aliases import aliases
from wsgiref.util import setup_testing_defaults

import pytest
from asgiref.sync import async_to_sync
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import get_resolver

from apps.newsletter import services
from apps.newsletter.models import Subscription
from config import asgi, wsgi
from config.content_types import can_be_held
from tests.factories import UserFactory
from tests.newsletter.factories import SubscriptionFactory

HOST = "latchkey.example"
SECRET = "a" * 32
NOTHING = "/nothing/?utm_source=x"

# A form without a token and one with, the admin's; then the page for mailbox providers, a file, and no page at all.
READING = ["/accounts/login/?next=/", "/newsletter/confirm/?rt=x", "/admin/login/?next=/admin/"]
ADDRESSES = [*READING, "/newsletter/unsubscribe/?rt=x", "/static/no.css?v=1", NOTHING]

CANNOT_BE_HELD = [
    "text/plain; charset=hex",
    "text/plain; charset=undefined",
    "text/plain; charset=punycode",
    "text/plain; charset=rot13",
    "text/plain; charset=idna",
    "text/plain; charset=utf-7",
    "text/plain; charset=utf-8\0",
    "text/plain; name*=undefined''%41",
    "text/plain; name*=nonsense''%41",
    "application/x-www-form-urlencoded; charset=hex",
    "multipart/form-data; boundary=x; charset=hex",
    "multipart/form-data; boundary=x; charset=idna",
]
FIELD = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nreader@example.com\r\n--x--\r\n'
FILE = FIELD.replace(b'"email"', b'"a"; filename="a"\r\nContent-Transfer-Encoding: base64')
CANNOT_BE_READ = {
    "a form in another charset": ("application/x-www-form-urlencoded; charset=latin-1", b"email=reader%40example.com"),
    "multipart without a boundary": ("multipart/form-data", FIELD),
    "multipart with an empty boundary": ("multipart/form-data; boundary=", FIELD),
    "multipart with an odd boundary": ("multipart/form-data; boundary=\xe4", FIELD),
    "multipart with bad base64": ("multipart/form-data; boundary=x", FILE),
}
FINE = [
    "",
    "text/plain",
    "text/plain; charset=utf-8",
    'text/html; charset="UTF-8"',
    "text/plain; charset=iso-8859-1",
    "text/plain; charset=shift_jis",
    "text/plain; charset=nonsense",
    "text/plain; charset=",
    "application/json; charset=us-ascii",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary*=utf-8''x",
    ";",
]


def ask_wsgi(method, address, *content_types, body=b"", cookie=""):
    path, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": ",".join(content_types),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": HOST,
        "HTTP_COOKIE": cookie,
        "HTTP_REFERER": f"https://{HOST}/",
        "REMOTE_ADDR": "203.0.113.9",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(environ)
    statuses = []
    response = wsgi.application(environ, lambda status, headers: statuses.append(int(status[:3])))
    page = b"".join(response)
    response.close()
    return statuses[0], page.decode()


@async_to_sync
async def ask_asgi(method, address, *content_types, body=b"", cookie=""):
    path, _, query = address.partition("?")
    headers = {
        "host": HOST,
        "content-length": str(len(body)),
        "cookie": cookie,
        "referer": f"https://{HOST}/",
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "query_string": query.encode(),
        "headers": [
            *((name.encode(), value.encode()) for name, value in headers.items()),
            *((b"content-type", value.encode("latin-1")) for value in content_types),
        ],
        "client": ("203.0.113.9", 50123),
        "server": (HOST, 443),
    }
    incoming, sent = [{"type": "http.request", "body": body}], []

    async def receive():
        return incoming.pop() if incoming else await asyncio.Future()

    async def send(message):
        sent.append(message)

    await asgi.application(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent).decode()


@pytest.fixture(params=[ask_wsgi, ask_asgi], ids=["WSGI", "ASGI"])
def ask(request, caplog):
    """Asks one of the two applications; nothing that it was asked is an error for the operators."""
    # As Django's test client does it: the connection belongs to the test and does not end with a request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield request.param
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def headline(page):
    return re.search(r"<h1>(.*?)</h1>", page)[1]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("content_type", CANNOT_BE_HELD)
def test_a_content_type_that_cannot_be_held_is_a_400_at_every_address(ask, content_type, address):
    status, page = ask("POST", address, content_type, body=FIELD, cookie=f"csrftoken={SECRET}")

    assert status == 400
    assert headline(page) == "We could not read that request"


def test_a_content_type_sent_twice_is_judged_as_django_joins_it(ask):
    status, _page = ask("GET", NOTHING, "text/plain; charset=utf-8", "text/plain; charset=hex")

    assert status == 400


@pytest.mark.parametrize("charset", sorted({*aliases.values(), "idna", "punycode", "undefined", "unicode_escape"}))
def test_no_python_codec_is_an_error(ask, charset):
    status, page = ask("GET", "/nothing/?a=%ff%5c&\\q=\xff", f"text/plain; charset={charset}")

    assert (status, headline(page)) in [(400, "We could not read that request"), (404, "There is no such page")]


@pytest.mark.parametrize("content_type", FINE)
def test_a_content_type_that_does_no_harm_is_let_through(ask, content_type):
    status, page = ask("GET", NOTHING, content_type)

    assert can_be_held(content_type)
    assert status == 404
    assert headline(page) == "There is no such page"


@pytest.mark.parametrize("address", READING)
@pytest.mark.parametrize("form", CANNOT_BE_READ)
def test_a_form_that_cannot_be_read_is_a_400_where_it_is_read(ask, form, address):
    content_type, body = CANNOT_BE_READ[form]

    status, page = ask("POST", address, content_type, body=body, cookie=f"csrftoken={SECRET}")

    assert status == 400
    assert headline(page) == "We could not read that request"


@pytest.mark.parametrize("form", CANNOT_BE_READ)
def test_a_form_that_cannot_be_read_still_misses_its_cookie_first(ask, form):
    content_type, body = CANNOT_BE_READ[form]

    status, page = ask("POST", "/accounts/login/", content_type, body=body)

    assert status == 403
    assert headline(page) == "Please send that again"


@pytest.mark.parametrize("form", CANNOT_BE_READ)
def test_a_form_that_cannot_be_read_does_not_break_the_page_for_a_mistyped_address(ask, form):
    content_type, body = CANNOT_BE_READ[form]

    status, page = ask("POST", NOTHING, content_type, body=body, cookie=f"csrftoken={SECRET}")

    assert status == 404
    assert headline(page) == "There is no such page"


@pytest.mark.parametrize(
    ("status", "arguments"), [(400, [Exception()]), (403, [Exception()]), (404, [Exception()]), (500, [])]
)
def test_no_error_page_reads_the_body(rf, status, arguments):
    content_type, body = CANNOT_BE_READ["a form in another charset"]
    rf.cookies["csrftoken"] = SECRET
    request = rf.generic("POST", NOTHING, body, content_type)

    response = get_resolver().resolve_error_handler(status)(request, *arguments)

    assert response.status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("form", CANNOT_BE_READ)
def test_a_form_that_cannot_be_read_unsubscribes_with_one_click(ask, form):
    subscription = SubscriptionFactory()
    address = services.ensure_unsubscribe_token(subscription).tokenise("/newsletter/unsubscribe/")
    content_type, body = CANNOT_BE_READ[form]

    status, _page = ask("POST", address, content_type, body=body)

    assert status == 200
    assert not Subscription.objects.active().filter(pk=subscription.pk).exists()


@pytest.mark.django_db
def test_the_button_to_sign_out_works_on_an_error_page():
    member = Client(enforce_csrf_checks=True)
    member.force_login(UserFactory())

    page = member.get("/nothing/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    signed_out = member.post("/accounts/logout/", {"csrfmiddlewaretoken": token})

    assert signed_out.status_code == 303

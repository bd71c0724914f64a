"""What a stranger can learn by typing an address: nothing. Known, unknown, closed and throttled get the same."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.tasks import send_link
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LOGIN = reverse("accounts:login")
ADDRESSES = [
    "reader@example.com",
    "newcomer@example.com",
    "closed@example.com",
    "throttled@example.com",
    "nobody@flooded.example",
]


@pytest.fixture(autouse=True)
def _people(mailoutbox):
    UserFactory(email="reader@example.com")
    UserFactory(email="closed@example.com", is_active=False)
    UserFactory(email="throttled@example.com")
    for address in ("throttled@example.com", "nobody@flooded.example"):
        for _ in range(3):
            Client(REMOTE_ADDR="192.0.2.9").post(LOGIN, {"email": address})
    mailoutbox.clear()


def visible(answer):
    """All of an answer but what is random in every one."""
    cookies = {name: {**morsel, "expires": ""} for name, morsel in answer.cookies.items()}
    body = re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1", answer.content.decode())
    # The moment of the answer.
    headers = {name: value for name, value in answer.headers.items() if name != "Expires"}
    return answer.status_code, headers, cookies, {len(m.value) for m in answer.cookies.values()}, body


def shape(queries):
    """The statements without their values."""
    return [re.split(r" VALUES | WHERE |SAVEPOINT", query["sql"])[0] for query in queries]


def test_status_headers_cookies_and_body_are_the_same():
    """Threat: an answer that tells who has an account."""
    answers = [visible(Client().post(LOGIN, {"email": address})) for address in ADDRESSES]

    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 303


@pytest.fixture
def queue(settings):
    """A queue that keeps what is put in and runs nothing, as a worker on another machine would find it."""
    package = settings.TASKS_PACKAGE
    settings.TASKS = {"default": {"BACKEND": f"{package}.backends.dummy.DummyBackend"}}
    return send_link.get_backend()


@pytest.mark.parametrize("known_browser", [False, True])
def test_queries_and_tasks_are_the_same(queue, known_browser):
    taken = []
    for address in ADDRESSES:
        queue.clear()
        browser = Client()
        if known_browser:
            browser.cookies["__Host-browser"] = "a secret"
        with CaptureQueriesContext(connection) as queries:
            browser.post(LOGIN, {"email": address})
        tasks = [(result.task.name, len(result.args), result.kwargs) for result in queue.results]
        taken.append((shape(queries), tasks))

    assert all(each == taken[0] for each in taken)
    assert taken[0][1] == [("send_link", 1, {})]


def test_the_waiting_page_is_the_same():
    pages = []
    for address in ADDRESSES:
        browser = Client()
        pages.append(visible(browser.get(browser.post(LOGIN, {"email": address}).url))[-1])

    assert all(page == pages[0] for page in pages)


def test_the_answer_to_a_wrong_code_is_the_same():
    answers = []
    for address in ADDRESSES:
        browser = Client()
        browser.post(LOGIN, {"email": address})
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post(reverse("accounts:enter_code"), {"code": "BBBB-BBBB"})
        answers.append((visible(answer), len(queries)))

    assert answers == [answers[0]] * len(answers)


def test_a_link_for_a_new_address_tells_nothing_about_it():
    member = Client()
    member.force_login(UserFactory(email="member@example.com"))

    answers = [member.post(reverse("accounts:change_address"), {"email": address}) for address in ADDRESSES]

    assert {(answer.status_code, answer.url) for answer in answers} == {(303, reverse("accounts:profile"))}

import asyncio

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path

from config.middleware import ClientAddressMiddleware


def answer(request):
    return HttpResponse(request.META["REMOTE_ADDR"])


async def answer_async(request):
    return HttpResponse(request.META["REMOTE_ADDR"])


urlpatterns = [path("", answer)]


def ask(forwarded_for=None, remote_addr="10.0.0.1"):
    headers = {} if forwarded_for is None else {"HTTP_X_FORWARDED_FOR": forwarded_for}
    request = RequestFactory().get("/", REMOTE_ADDR=remote_addr, **headers)
    return ClientAddressMiddleware(answer)(request).content.decode()


def test_without_proxies_the_header_is_ignored(settings):
    settings.TRUSTED_PROXY_COUNT = 0

    assert ask("203.0.113.9") == "10.0.0.1"


def test_what_a_visitor_wrote_into_the_header_is_ignored(settings):
    settings.TRUSTED_PROXY_COUNT = 1

    assert ask("198.51.100.66, 203.0.113.9") == "203.0.113.9"


def test_behind_two_proxies_the_second_address_from_the_right_counts(settings):
    settings.TRUSTED_PROXY_COUNT = 2

    assert ask("198.51.100.66, 203.0.113.9, 10.0.0.2") == "203.0.113.9"


@pytest.mark.parametrize("header", [None, "", "203.0.113.9"])
def test_a_request_that_did_not_come_through_all_proxies_keeps_its_address(settings, header):
    settings.TRUSTED_PROXY_COUNT = 2

    assert ask(header) == "10.0.0.1"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (" 203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:50123", "203.0.113.9"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:50123", "2001:db8::1"),
        ('"[2001:db8::1]:50123"', "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_is_written_in_one_way(settings, header, address):
    settings.TRUSTED_PROXY_COUNT = 1

    assert ask(header) == address


@pytest.mark.parametrize(
    "header", ["unknown", "_hidden", "203.0.113", "203.0.113.9.1", ":", "[", "<script>", "a" * 9999]
)
def test_rubbish_in_the_header_changes_nothing(settings, header):
    settings.TRUSTED_PROXY_COUNT = 1

    assert ask(header) == "10.0.0.1"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"])
def test_a_proxy_that_nobody_has_counted_is_reported_once_in_a_process(settings, caplog, rf, header):
    settings.TRUSTED_PROXY_COUNT = None
    middleware = ClientAddressMiddleware(answer)

    for _ in range(3):
        middleware(rf.get("/", headers={header: "203.0.113.9"}))

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "TRUSTED_PROXY_COUNT is not set" in caplog.text


@pytest.mark.parametrize(("proxy_count", "headers"), [(0, {"X-Forwarded-For": "203.0.113.9"}), (None, {})])
def test_no_proxy_and_a_count_of_zero_are_no_news(settings, caplog, rf, proxy_count, headers):
    settings.TRUSTED_PROXY_COUNT = proxy_count

    ClientAddressMiddleware(answer)(rf.get("/", headers=headers))

    assert caplog.records == []


def test_an_async_chain_stays_async(settings):
    settings.TRUSTED_PROXY_COUNT = 1
    middleware = ClientAddressMiddleware(answer_async)
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="203.0.113.9")

    response = asyncio.run(middleware(request))

    assert iscoroutinefunction(middleware)
    assert response.content == b"203.0.113.9"


def test_the_views_see_the_address(settings, client):
    settings.TRUSTED_PROXY_COUNT = 1
    settings.ROOT_URLCONF = __name__

    response = client.get("/", headers={"x-forwarded-for": "203.0.113.9"}, REMOTE_ADDR="10.0.0.1")

    assert response.content == b"203.0.113.9"

import logging
import time

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.site.limits import CLIENT, SITE, Limit, allow_email, client_of, give_back_email, refuse_flood
from tests.support.parallel import at_once
from tests.support.ports import find_free_port

LIMIT = Limit("login", 3, per=60)
REDIS = "django.core.cache.backends.redis.RedisCache"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Time stands still, for the limits and for the cache they count in, at the beginning of a window."""

    class Clock:
        now = 1_000_000 // 86400 * 86400

    monkeypatch.setattr("apps.site.limits.time", lambda: Clock.now)
    monkeypatch.setattr(time, "time", lambda: Clock.now)
    return Clock


@pytest.fixture
def cache_is_away(settings):
    """Redis at a port where nobody listens."""
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": f"redis://:hunter2@127.0.0.1:{find_free_port()}/0"}}


@pytest.fixture
def visit(rf):
    return lambda address="192.0.2.1": rf.post("/", REMOTE_ADDR=address)


def allow(value="reader@example.com"):
    return LIMIT.allow(value)


def allowed(calls, *arguments):
    return [allow_email(*arguments) for _ in range(calls)].count(True)


def test_so_many_calls_are_allowed_and_no_more():
    assert [allow() for _ in range(5)] == [True, True, True, False, False]


def test_each_value_is_counted_for_itself():
    [allow() for _ in range(3)]

    assert allow("other@example.com") is True


def test_each_name_is_counted_for_itself():
    [allow() for _ in range(3)]

    assert Limit("subscribe", 3, per=60).allow("reader@example.com") is True


@pytest.mark.parametrize("begun", range(0, 60, 7))
def test_no_minute_has_more_calls_than_the_limit_wherever_it_begins(clock, begun):
    """Threat: a full count just before a window ends and another just after."""
    clock.now += begun
    times = []
    for _ in range(240):
        clock.now += 1
        times += [clock.now] * [allow() for _ in range(4)].count(True)

    busiest = max(sum(start <= moment < start + 60 for moment in times) for start in times)
    assert busiest == 3
    assert len(times) >= 9


def test_a_refused_call_is_not_counted(clock):
    [allow() for _ in range(100)]

    clock.now += 70

    assert allow() is True


def test_retry_after_is_the_moment_from_which_on_a_call_is_allowed(clock):
    allow()
    clock.now += 25
    allow(), allow()

    clock.now += LIMIT.seconds_left("reader@example.com") - 1
    assert allow() is False
    clock.now += 1
    assert allow() is True
    assert allow() is False


def test_a_call_that_is_given_back_can_be_made_again(clock):
    [allow() for _ in range(3)]
    clock.now += 9

    LIMIT.give_back("reader@example.com")

    assert [allow(), allow()] == [True, False]


def test_nothing_is_given_back_that_was_not_counted():
    LIMIT.give_back("reader@example.com")

    assert [allow() for _ in range(4)] == [True, True, True, False]


def test_a_counter_is_gone_when_its_window_is_over(clock):
    allow()
    [key] = cache._cache

    clock.now += 90

    assert cache.get(key.removeprefix(":1:")) is None


@pytest.mark.parametrize("value", ["", "x" * 10_000, "nul\0", "\ud800", "two words"], ids=ascii)
def test_any_text_can_be_counted(value):
    assert allow(value) is True


def test_parallel_calls_are_each_counted():
    for turn in range(10):
        answers = at_once(LIMIT.allow, [str(turn)] * 20)

        assert answers.count(True) <= 3
        # Those that were refused took nothing for good.
        assert [LIMIT.allow(str(turn)) for _ in range(3)].count(True) == 3 - answers.count(True)


def test_a_mailbox_gets_three_emails_in_the_life_of_a_link_whatever_is_tagged():
    """Threat: twenty spellings of one mailbox."""
    spellings = ["reader@example.com", *(f"Reader+{number}@example.com" for number in range(20))]

    assert [allow_email(address) for address in spellings].count(True) == 3
    assert allow_email("+@example.com") is True
    assert allow_email("reader@example.org") is True


def test_a_mailbox_gets_twelve_emails_a_day(clock):
    sent = 0
    for _ in range(6 * 23):
        clock.now += 600
        sent += allowed(4, "reader@example.com")

    assert sent == 12


def test_a_browser_of_the_owner_is_not_locked_out_by_strangers():
    """Threat: a stranger who uses up the owner's emails."""
    allowed(20, "reader@example.com")

    assert allow_email("reader@example.com", browser="known") is True


def test_an_email_that_could_not_be_sent_costs_nothing(visit):
    for _ in range(40):
        assert refuse_flood(visit()) is None
        assert allow_email("reader@example.com") is True

        give_back_email(visit(), "reader@example.com")


@pytest.mark.django_db
def test_one_client_is_told_to_wait_and_when_to_come_back(visit, clock):
    assert [refuse_flood(visit()) for _ in range(CLIENT.times)] == [None] * 20

    answer = refuse_flood(visit())

    assert answer.status_code == 429
    assert answer["Retry-After"] == "4200"
    assert "Please wait 70 minutes" in answer.content.decode()
    assert refuse_flood(visit("192.0.2.2")) is None
    clock.now += 4200
    assert refuse_flood(visit()) is None


@pytest.mark.django_db
def test_the_hosts_of_one_ipv6_network_are_one_client(visit):
    """Threat: IPv6. Everybody has 2 to the power of 64 addresses."""
    answers = [refuse_flood(visit(f"2001:db8::{number:x}")) for number in range(60)]

    assert answers.count(None) == CLIENT.times
    assert refuse_flood(visit("2001:db8:0:1::1")) is None


@pytest.mark.django_db
def test_the_site_has_a_ceiling_for_all_clients_together(visit):
    """Threat: a flood from everywhere at once."""
    answers = [refuse_flood(visit(f"198.51.{number // 250}.{number % 250}")) for number in range(SITE.times + 1)]

    assert answers.count(None) == SITE.times
    assert answers[-1].status_code == 429


@pytest.mark.parametrize("address", ["", "unix:", "fe80::1%eth0"])
def test_a_client_without_an_ordinary_address_is_counted_too(rf, address):
    assert isinstance(client_of(rf.get("/", REMOTE_ADDR=address)), str)
    assert refuse_flood(rf.get("/", REMOTE_ADDR=address)) is None


def test_without_a_cache_nobody_is_refused_and_the_log_says_so(cache_is_away, caplog):
    answers = [allow() for _ in range(5)]

    assert answers == [True] * 5
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert caplog.messages == ["limit not counted name=login error=ConnectionError"] * 5
    assert "hunter2" not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["accounts:login", "newsletter:subscribe"])
def test_a_form_that_sends_email_works_without_a_cache(client, cache_is_away, form):
    answer = client.post(reverse(form), {"email": "reader@example.com"})

    assert answer.status_code in (302, 303)


@pytest.mark.django_db(transaction=True)
def test_both_forms_share_the_limit_of_a_mailbox(client, mailoutbox):
    for form in ["accounts:login", "newsletter:subscribe"] * 4:
        assert client.post(reverse(form), {"email": "reader@example.com"}).status_code in (302, 303)

    assert len(mailoutbox) == 3

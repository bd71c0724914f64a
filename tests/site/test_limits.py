import logging
import time

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.site.limits import Limit, too_many_requests
from tests.support.parallel import at_once
from tests.support.ports import find_free_port

LIMIT = Limit("login", 3, per=60)
REDIS = "django.core.cache.backends.redis.RedisCache"


@pytest.fixture
def clock(monkeypatch):
    """Time stands still, for the limits and for the cache they count in, 20 seconds into a window."""

    class Clock:
        now = 1_000_000 // 60 * 60 + 20

    monkeypatch.setattr("apps.site.limits.time", lambda: Clock.now)
    monkeypatch.setattr(time, "time", lambda: Clock.now)
    return Clock


@pytest.fixture
def cache_is_away(settings):
    """Redis at a port where nobody listens."""
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": f"redis://:hunter2@127.0.0.1:{find_free_port()}/0"}}


def allow(value="reader@example.com"):
    return LIMIT.allow(value)


def use_up():
    for _ in range(3):
        allow()


def test_so_many_calls_are_allowed_and_no_more(clock):
    assert [allow() for _ in range(5)] == [True, True, True, False, False]


def test_each_value_is_counted_for_itself(clock):
    use_up()

    assert allow("other@example.com") is True


def test_each_name_is_counted_for_itself(clock):
    use_up()

    assert Limit("subscribe", 3, per=60).allow("reader@example.com") is True


def test_a_new_window_starts_anew(clock):
    use_up()

    clock.now += LIMIT.seconds_left()

    assert allow() is True


def test_the_last_second_of_a_window_still_counts(clock):
    use_up()

    clock.now += LIMIT.seconds_left() - 1

    assert allow() is False


def test_a_counter_is_gone_when_its_window_is_over(clock):
    allow()
    [key] = cache._cache
    assert cache.get(key.removeprefix(":1:")) == 1

    clock.now += 60

    assert cache.get(key.removeprefix(":1:")) is None


@pytest.mark.parametrize("value", ["", "x" * 10_000, "nul\0", "\ud800", "two words"], ids=ascii)
def test_any_text_can_be_counted(value):
    assert allow(value) is True


def test_parallel_calls_are_each_counted(clock):
    answers = at_once(lambda _: allow(), range(20))

    assert sorted(answers) == [False] * 17 + [True] * 3


def test_the_answer_says_how_long_this_window_still_lasts(clock, rf, db):
    answer = too_many_requests(rf.get("/"), Limit("login", 3, per=600))

    assert answer.status_code == 429
    left = 600 - clock.now % 600
    assert answer["Retry-After"] == str(left)
    assert 0 < left < 600
    assert f"Please wait {-(-left // 60)} minute" in answer.content.decode()


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

    assert answer.status_code == 302

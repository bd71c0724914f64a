import threading
import time

import pytest
from django.core.cache import cache

from apps.tokens import ratelimit


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    class Clock:
        now = 1_000_000

        def time(self):
            return self.now

    fake = Clock()
    monkeypatch.setattr(ratelimit, "time", fake)
    return fake


def allow(name="login", value="reader@example.com"):
    return ratelimit.allow(name, value, limit=3, seconds=60)


def test_so_many_calls_are_allowed_and_no_more():
    assert [allow() for _ in range(5)] == [True, True, True, False, False]


def test_each_value_is_counted_for_itself():
    for _ in range(3):
        allow()

    assert allow(value="other@example.com") is True


def test_each_name_is_counted_for_itself():
    for _ in range(3):
        allow()

    assert allow(name="subscribe") is True


def test_a_new_window_starts_anew(clock):
    for _ in range(4):
        allow()

    clock.now += 60

    assert allow() is True


def test_the_cache_does_not_keep_a_count_after_its_window(monkeypatch):
    """The cache's clock goes on while the limit's stands still: what is allowed again was forgotten."""
    for _ in range(4):
        allow()
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)

    assert allow() is True


@pytest.mark.parametrize("value", ["", "x" * 10_000, "nul\0", "\ud800", "two words"], ids=ascii)
def test_any_text_can_be_counted(value):
    assert allow(value=value) is True


def test_parallel_calls_are_each_counted():
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(allow())) for _ in range(20)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] * 17 + [True] * 3

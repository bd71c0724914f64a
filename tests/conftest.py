import time

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _empty_cache():
    """Rate limits count in the cache; no test pays for the one before it."""
    cache.clear()


@pytest.fixture
def one_moment(monkeypatch):
    """The clock stands still: no window of a rate limit ends in the middle of a test."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)

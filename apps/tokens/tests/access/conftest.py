import time

import pytest
from hypothesis import settings

from ..support import APP
from . import urls

# No deadline: a busy machine is not a defect. No database: a test run writes nothing into the checkout.
settings.register_profile("tokens", deadline=None, database=None)
settings.load_profile("tokens")

# 2026-11-22 08:00:00 UTC, the moment at which the fixed strings of test_wire.py were minted.
NOW = 1_795_334_400


class Clock:
    """The one time.time() of the code under test and of Django."""

    def __init__(self):
        self.now = float(NOW)

    def __call__(self):
        return self.now

    def tick(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def own_access_urls(settings):
    settings.ROOT_URLCONF = urls.__name__
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        f"{APP}.access.backends.AccessTokenBackend",
    ]

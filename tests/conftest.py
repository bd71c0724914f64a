import subprocess
import sys
import time
from importlib import import_module

import pytest
from django.core.cache import cache

from tests.support.project import ROOT, make_environment


@pytest.fixture(autouse=True)
def _empty_cache():
    """Rate limits count in the cache; no test pays for the one before it."""
    cache.clear()


@pytest.fixture
def one_moment(monkeypatch):
    """The clock stands still ten minutes into an hour: no window of a rate limit ends in the middle of a test."""
    now = time.time() // 3600 * 3600 + 600
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr("apps.site.limits.time", lambda: now)


@pytest.fixture
def queue(settings):
    """A queue that keeps what is put in and runs nothing."""
    settings.TASKS = {"default": {"BACKEND": f"{settings.TASKS_PACKAGE}.backends.dummy.DummyBackend"}}
    backend = import_module(settings.TASKS_PACKAGE).task_backends["default"]
    backend.clear()
    return backend


@pytest.fixture
def run_python():
    """Runs Python in the project's folder, warnings being errors, with nothing in the environment but ``variables``."""

    def run(*args, cwd=ROOT, timeout=60, **variables):
        return subprocess.run(
            [sys.executable, "-W", "error", *args],
            cwd=cwd,
            env=make_environment(**variables),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run

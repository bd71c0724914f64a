"""
Two addresses for whoever watches the site: a load balancer, a monitor, a script that has just started it.

``/up/`` answers 200 while this process answers at all: restart it when it does not. ``/up/ready/`` answers 200 while
the database and the cache do, too, otherwise 503 with the name of what is away: send visitors elsewhere, a restart does
not help. Both answer any Host, and over http, because a probe knows an IP address and has no certificate for it. They
use no session and say nothing that a stranger must not know.
"""

import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

from apps.site.limits import CACHE_IS_AWAY

logger = logging.getLogger(__name__)


class HealthMiddleware:
    """
    Answers ``/up/`` and ``/up/ready/``. Put it first in MIDDLEWARE.

    Views would come too late: SecurityMiddleware has sent http to https by then, and CommonMiddleware has refused the
    Host.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        return sync_to_async(answer)() if self._is_async else answer()


def say_up() -> HttpResponse:
    """200: this process takes requests."""
    return _answer(200, "up")


def say_ready() -> HttpResponse:
    """200, or 503 with the names of the services that are away."""
    away = [name for name, ask in (("database", _ask_database), ("cache", _ask_cache)) if not ask()]
    return _answer(503, f"away: {', '.join(away)}") if away else _answer(200, "ready")


ANSWERS: dict[str, Callable[[], HttpResponse]] = {"/up/": say_up, "/up/ready/": say_ready}


def _ask_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return _is_away("database", error)
    return True


def _ask_cache() -> bool:
    try:
        # Written, not read: limits count here, and a Redis that is full still reads.
        cache.set("health", True, timeout=1)
    except CACHE_IS_AWAY as error:
        return _is_away("cache", error)
    return True


def _is_away(name: str, error: Exception) -> bool:
    # The class only: the words of a client may quote an address with a password in it.
    logger.error("not ready service=%s error=%s", name, type(error).__name__)
    return False


def _answer(status: int, text: str) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain", headers=headers)

"""Limits on how often a visitor may cause something, such as an email with a link, and the page that says so."""

import hashlib
import logging
import math
from dataclasses import KW_ONLY, dataclass
from time import time

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

HOUR = 60 * 60

# What is raised while the cache is away: Redis' client has exceptions of its own, and a client that passes on what its
# sockets raise gives an OSError. For another cache add the base class of its client.
CACHE_IS_AWAY = (RedisError, OSError)


@dataclass(frozen=True)
class Limit:
    """
    So many times in each window of so many seconds, for each value: ``Limit("login.address", 5, per=HOUR)``.

    The counts live in the default cache. Redis, Memcached and the memory of one process count atomically; Django's file
    and database caches do not, and memory counts per process.
    """

    name: str
    times: int
    _: KW_ONLY
    per: int

    def allow(self, value: str) -> bool:
        """True for the first ``times`` calls in each window, and while the cache is away. Every call counts."""
        try:
            return self._count(value) <= self.times
        except CACHE_IS_AWAY as error:
            # Threat: a cache that is down and keeps everybody from signing in. Without it there is no limit; whoever
            # reads the log sees that. The class only: the words of the client may quote CACHE_URL.
            logger.error("limit not counted name=%s error=%s", self.name, type(error).__name__)
            return True

    def seconds_left(self) -> int:
        """Seconds until the present window ends, at least 1."""
        return self.per - int(time()) % self.per

    def _count(self, value: str) -> int:
        # Hashed: an address may be longer than a cache key, and caches are often readable by many.
        digest = hashlib.sha256(value.encode(errors="replace")).hexdigest()
        key = f"limit:{self.name}:{digest}:{int(time()) // self.per}"
        # Threat: two requests that read the same count. add() then incr() never reads before it writes.
        cache.add(key, 0, timeout=self.per)
        try:
            return cache.incr(key)
        except ValueError:  # evicted between the two calls: a new window
            return 1


def too_many_requests(request: HttpRequest, limit: Limit) -> HttpResponse:
    """429: the page that says when to come back, with the same in Retry-After (RFC 9110, section 10.2.3)."""
    seconds = limit.seconds_left()
    response = render(request, "429.html", {"minutes": math.ceil(seconds / 60)}, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response

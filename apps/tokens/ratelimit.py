"""A limit on how often a visitor may cause something, such as a mail with a link."""

import hashlib
import time

from django.core.cache import cache


def allow(name: str, value: str, *, limit: int, seconds: int) -> bool:
    """
    True for the first ``limit`` calls in each window of ``seconds``; every call counts.

    ``name`` says what is limited ("login.address"), ``value`` for whom. The count lives in the
    default cache: Redis, Memcached and one process's memory count atomically; Django's file and
    database caches do not, and a memory cache counts per process.
    """
    window = int(time.time()) // seconds
    # Hashed: an address may be longer than a cache key, and caches are often readable by many.
    digest = hashlib.sha256(value.encode(errors="replace")).hexdigest()
    key = f"tokens.ratelimit:{name}:{digest}:{window}"
    # Threat: two requests that read the same count. add() then incr() never reads before it writes.
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key) <= limit
    except ValueError:  # evicted between the two calls: a new window
        return limit > 0

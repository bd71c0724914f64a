"""
Limits on how often a visitor may cause something, such as an email with a link, and the page that says so.

All forms that send email share three: one for the mailbox, which is silent, and one for the client and one for the
site, which answer 429. ``refuse_flood`` and ``allow_email`` are what a form asks.
"""

import hashlib
import logging
import math
from dataclasses import KW_ONLY, dataclass
from ipaddress import ip_address, ip_network
from time import time

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError

from apps.tokens.conf import token_settings

logger = logging.getLogger(__name__)

HOUR = 60 * 60
DAY = 24 * HOUR

# A window is counted in so many parts.
PARTS = 6

# What is raised while the cache is away: Redis' client has exceptions of its own, and a client that passes on what its
# sockets raise gives an OSError. For another cache add the base class of its client.
CACHE_IS_AWAY = (RedisError, OSError)


@dataclass(frozen=True)
class Limit:
    """
    So many times within any so many seconds, for each value: ``Limit("client", 20, per=HOUR)``.

    The window moves in steps of a sixth, so it is at most a sixth longer than it says, and never shorter. The counts
    live in the default cache. Redis, Memcached and the memory of one process count atomically; Django's file and
    database caches do not, and memory counts per process.
    """

    name: str
    times: int
    _: KW_ONLY
    per: int

    def allow(self, value: str) -> bool:
        """True for ``times`` calls within the window, and while the cache is away. What is refused is not counted."""
        try:
            if self._count(value) <= self.times:
                return True
            self.give_back(value)
        except CACHE_IS_AWAY as error:
            # Threat: a cache that is down and keeps everybody from signing in. Without it there is no limit; whoever
            # reads the log sees that. The class only: the words of the client may quote CACHE_URL.
            logger.error("limit not counted name=%s error=%s", self.name, type(error).__name__)
            return True
        return False

    def give_back(self, value: str) -> None:
        """Uncount the last call, as when the email it was counted for could not be sent."""
        try:
            for key in self._keys(value)[:2]:
                if cache.get(key, 0) > 0:
                    cache.decr(key)
                    return
        except (ValueError, *CACHE_IS_AWAY):  # evicted, or away: nothing is counted any more
            return

    def seconds_left(self, value: str) -> int:
        """Seconds until a call would be allowed, at least 1."""
        keys = self._keys(value)
        try:
            counts = cache.get_many(keys)
        except CACHE_IS_AWAY:
            return 1
        too_many = sum(counts.values()) - self.times + 1
        for age in range(PARTS, -1, -1):
            too_many -= counts.get(keys[age], 0)
            if too_many <= 0:
                leaves_at = (int(time()) // self._part - age + PARTS + 1) * self._part
                return max(1, leaves_at - int(time()))
        return 1

    def _count(self, value: str) -> int:
        """The calls within the window, this one among them."""
        now, *earlier = self._keys(value)
        # Threat: two requests that read the same count. add() then incr() never reads before it writes.
        cache.add(now, 0, timeout=self.per + 2 * self._part)
        try:
            count = cache.incr(now)
        except ValueError:  # evicted between the two calls
            count = 1
        # Threat: a full count just before a window ends and another just after. The parts before this one count, too.
        return int(count + sum(cache.get_many(earlier).values()))

    def _keys(self, value: str) -> list[str]:
        # Hashed: an address may be longer than a cache key, and caches are often readable by many.
        digest = hashlib.sha256(value.encode(errors="replace")).hexdigest()
        part = int(time()) // self._part
        return [f"limit:{self.name}:{digest}:{part - age}" for age in range(PARTS + 1)]

    @property
    def _part(self) -> int:
        return math.ceil(self.per / PARTS)


CLIENT = Limit("client", 20, per=HOUR)
# Threat: a flood from everywhere at once. More than your busiest hour, less than your mail server puts up with.
SITE = Limit("site", 1000, per=HOUR)


def refuse_flood(request: HttpRequest) -> HttpResponse | None:
    """429 if this client, or all of them, have sent forms too often; None otherwise. Counts."""
    for limit, value in ((CLIENT, client_of(request)), (SITE, "")):
        if not limit.allow(value):
            return too_many_requests(request, limit, value)
    return None


def allow_email(address: str, *, browser: str = "") -> bool:
    """
    True if one more email may go to this mailbox. Counts.

    Never tell the visitor: the answer to a form must be the same. ``browser`` is a known one, which counts apart.
    """
    few, many = _mailbox_limits()
    # Threat: a stranger who uses up the owner's emails. A browser of the owner has a count of its own.
    value = f"{mailbox_of(address)} {browser}"
    if not few.allow(value):
        return False
    if many.allow(value):
        return True
    few.give_back(value)
    return False


def give_back_email(request: HttpRequest, address: str, *, browser: str = "") -> None:
    """Uncount what the two functions above have counted, for an email that could not be sent."""
    for limit in _mailbox_limits():
        limit.give_back(f"{mailbox_of(address)} {browser}")
    CLIENT.give_back(client_of(request))
    SITE.give_back("")


def mailbox_of(address: str) -> str:
    """The mailbox that the address reaches, for counting only: many providers ignore ``+tag``."""
    # Threat: twenty spellings of one mailbox.
    local, at, domain = address.lower().rpartition("@")
    return (local.partition("+")[0] or local) + at + domain


def client_of(request: HttpRequest) -> str:
    """The client's address, or its network of 64 bits where it has IPv6."""
    text: str = request.META.get("REMOTE_ADDR", "").partition("%")[0]
    try:
        address = ip_address(text)
    except ValueError:  # a Unix socket has none
        return text
    # Threat: IPv6. Everybody has 2 to the power of 64 addresses.
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else text


def too_many_requests(request: HttpRequest, limit: Limit, value: str) -> HttpResponse:
    """429: the page that says when to come back, with the same in Retry-After (RFC 9110, section 10.2.3)."""
    seconds = limit.seconds_left(value)
    response = render(request, "429.html", {"minutes": math.ceil(seconds / 60)}, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _mailbox_limits() -> tuple[Limit, Limit]:
    return Limit("mailbox", 3, per=60 * token_settings.REQUEST_TOKEN_EXPIRY), Limit("mailbox.day", 12, per=DAY)

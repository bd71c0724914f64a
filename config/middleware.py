"""Where a request comes from."""

import logging
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest

logger = logging.getLogger(__name__)

FORWARDED_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED")


class ClientAddressMiddleware:
    """Makes ``REMOTE_ADDR`` the visitor's address on a site behind ``TRUSTED_PROXY_COUNT`` proxies."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._has_warned = False
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        # Nothing is awaited here: under ASGI the caller awaits what get_response returns.
        proxy_count = settings.TRUSTED_PROXY_COUNT
        if proxy_count:
            address = find_client_address(request.META.get("HTTP_X_FORWARDED_FOR", ""), proxy_count)
            request.META["REMOTE_ADDR"] = address or request.META.get("REMOTE_ADDR", "")
        if proxy_count is None and not self._has_warned and any(name in request.META for name in FORWARDED_HEADERS):
            self._warn()
        return self.get_response(request)

    def _warn(self) -> None:
        # Once: anybody can send such a header, and nobody shall fill the log with it.
        self._has_warned = True
        logger.warning(
            "a request has a header of a proxy, and TRUSTED_PROXY_COUNT is not set: behind a proxy all visitors share "
            "one rate limit. Set it to the number of proxies, or to 0 if there is none"
        )


def find_client_address(forwarded_for: str, proxy_count: int) -> str:
    """The address that the outermost trusted proxy saw; empty where the header does not tell."""
    # Visitors write what they like into the header, and each proxy appends the address it saw. So only the last
    # ``proxy_count`` entries are facts, and reading from the left would let anybody escape a rate limit.
    entries = forwarded_for.split(",")
    if len(entries) < proxy_count:
        return ""
    return parse_address(entries[-proxy_count])


def parse_address(entry: str) -> str:
    """An IPv4 or IPv6 address in its usual spelling, without port and brackets; empty for anything else."""
    text = entry.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        # One visitor must not count as two, nor carry the name of a network card into a database field.
        address = address.ipv4_mapped or IPv6Address(int(address))
    return str(address)

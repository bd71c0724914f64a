"""Where a request comes from."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest


class ClientAddressMiddleware:
    """Makes ``REMOTE_ADDR`` the visitor's address on a site behind ``TRUSTED_PROXY_COUNT`` proxies."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        # Nothing is awaited here: under ASGI the caller awaits what get_response returns.
        proxy_count = settings.TRUSTED_PROXY_COUNT
        if proxy_count:
            address = find_client_address(request.META.get("HTTP_X_FORWARDED_FOR", ""), proxy_count)
            request.META["REMOTE_ADDR"] = address or request.META.get("REMOTE_ADDR", "")
        return self.get_response(request)


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

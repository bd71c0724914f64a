"""Put a decision on record: a RequestTokenLog row for support, a log line for operators."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
from urllib.parse import quote

from django.db import IntegrityError
from django.http import HttpRequest

from .conf import token_settings
from .exceptions import TokenError
from .models import RequestToken, RequestTokenLog

logger = logging.getLogger(__name__)


def admitted(request: HttpRequest, token: RequestToken, status_code: int | None) -> None:
    logger.debug("admitted token=%s scope=%s status=%s", token.pk, token.scope, status_code)
    _write(request, token, "admitted", status_code)


def refused(request: HttpRequest, error: TokenError, token: RequestToken | None, status_code: int) -> None:
    # Threat: a working token in a log file. The path only, never the query string; and quoted, so
    # that no line break in it forges a second line.
    path = quote(request.path)
    key = token.pk if token else None
    logger.warning("refused reason=%s token=%s method=%s path=%s", error.code, key, request.method, path)
    if token is not None:
        _write(request, token, error.code, status_code)


def _write(request: HttpRequest, token: RequestToken, reason: str, status_code: int | None) -> None:
    # A view may have deleted the token, or its user with it: then there is nothing to write to.
    if token_settings.REQUEST_TOKEN_DISABLE_LOGS or token.pk is None:
        return
    with contextlib.suppress(IntegrityError):
        RequestTokenLog.objects.create(
            token=token,
            reason=reason,
            status_code=status_code,
            method=(request.method or "")[:10],
            client_ip=_client_ip(request),
            # PostgreSQL takes no NUL in a text.
            user_agent=request.headers.get("User-Agent", "").replace("\0", "")[:500],
        )


def _client_ip(request: HttpRequest) -> str | None:
    # Threat: anybody can write an X-Forwarded-For. Behind a proxy, let the server or a middleware
    # that knows the proxy set REMOTE_ADDR.
    address = request.META.get("REMOTE_ADDR", "").partition("%")[0]  # without an IPv6 zone
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:  # a Unix socket has no address
        return None

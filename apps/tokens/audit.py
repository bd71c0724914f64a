"""Put a decision on record: a RequestTokenLog row for support, a log line for operators, a signal for your code."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.db import Error, connections, router, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone

from . import statements
from .conf import token_settings
from .exceptions import TokenError
from .identity import who_looked
from .models import RequestToken, RequestTokenLog
from .signals import token_admitted, token_refused

logger = logging.getLogger(__name__)

# Threat: a link that fills the table. Of the uses of one token the first hundred are on record and then every
# hundredth; of its refusals twenty an hour.
EVERY_USE_UNTIL = 100
REFUSALS_PER_HOUR = 20


def record_admission(request: HttpRequest, token: RequestToken, status_code: int | None, *, is_kept: bool) -> None:
    """The outcome of a use; ``token`` counts this use already."""
    logger.debug("admitted token=%s scope=%s status=%s", token.pk, token.scope, status_code)
    _tell(token_admitted, request=request, token=token, status_code=status_code, is_kept=is_kept)
    if not is_kept and _has_enough(token, EVERY_USE_UNTIL, reason="admitted"):  # given back, it does not count
        return
    if token.used_to_date <= EVERY_USE_UNTIL or token.used_to_date % EVERY_USE_UNTIL == 0:
        _record(request, token, "admitted", status_code)


def record_refusal(request: HttpRequest, error: TokenError, status_code: int) -> None:
    """The reason of a refusal. Without a genuine token there is only the log line."""
    # Threat: a working token in a log file: the path only. Quoted, so that no line break in it forges a second line.
    pk, path = getattr(error.token, "pk", None), quote(request.path)
    logger.warning("refused reason=%s token=%s method=%s path=%s", error.code, pk, request.method, path)
    _tell(token_refused, request=request, token=error.token, error=error, status_code=status_code)
    if error.token is not None and not _has_enough(error.token, REFUSALS_PER_HOUR, ~Q(reason="admitted")):
        _record(request, error.token, error.code, status_code)
    error.is_on_record = True


def _tell(signal: Signal, **news: Any) -> None:
    if not signal.has_listeners(RequestToken):
        return
    # Threat: a receiver that fails, or breaks the transaction around it, costs the visitor what the view did.
    alias = router.db_for_write(RequestToken)
    try:
        with transaction.atomic(using=alias) if connections[alias].in_atomic_block else contextlib.nullcontext():
            signal.send_robust(RequestToken, **news)
    except Exception as error:
        logger.error("receivers failed error=%s", type(error).__name__)


def _record(request: HttpRequest, token: RequestToken, reason: str, status_code: int | None) -> None:
    # A view may have deleted the token: then there is nothing to write to.
    if token_settings.REQUEST_TOKEN_DISABLE_LOGS or token.pk is None:
        return
    alias, pk = router.db_for_write(RequestTokenLog), token.pk
    row: dict[str, Any] = {
        "token": pk,
        "user": getattr(who_looked(request), "pk", None),
        "reason": reason,
        "status_code": status_code,
        "method": (request.method or "")[:10],
        "client_ip": _client_ip(request),
        # PostgreSQL takes no NUL in a text.
        "user_agent": request.headers.get("User-Agent", "").replace("\0", "")[:500],
        "timestamp": timezone.now(),
    }
    # Threat: a log row that cannot be written (a full table, a lost connection) costs the visitor what the view did.
    try:
        # A savepoint keeps a failed statement from the transaction around it; SQLite undoes the statement alone.
        needs_savepoint = connections[alias].in_atomic_block and connections[alias].vendor != "sqlite"
        with transaction.atomic(using=alias) if needs_savepoint else contextlib.nullcontext():
            statements.write_log(alias, **row)
    except Error as error:
        logger.error("could not record token=%s reason=%s error=%s", pk, reason, type(error).__name__)


def _has_enough(token: RequestToken, most: int, *which: Q, **fields: Any) -> bool:
    """True if the last hour has so many rows of this kind."""
    since = timezone.now() - timedelta(hours=1)
    rows = RequestTokenLog.objects.using(router.db_for_write(RequestTokenLog))
    found = rows.filter(*which, token=token.pk, timestamp__gt=since, **fields).values_list("pk")[:most]
    try:
        return len(found) == most
    except Error:  # it cannot be written, either, and that is said there
        return False


def _client_ip(request: HttpRequest) -> str | None:
    # Threat: anybody can write an X-Forwarded-For. Let a server or a middleware that knows its proxy set REMOTE_ADDR.
    address = request.META.get("REMOTE_ADDR", "").partition("%")[0]  # without an IPv6 zone
    with contextlib.suppress(ValueError):  # a Unix socket has no address
        return str(ipaddress.ip_address(address))
    return None

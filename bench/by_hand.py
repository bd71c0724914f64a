"""
What you would write in a view without a token app: look up, claim, log, in three statements.

Once through the ORM, once in SQL. Both count and record as latchkey does, and do less otherwise: every refusal is the
same, a view that fails keeps the use, and no page says what to do next.
"""

from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.tokens.models import RequestToken, RequestTokenLog

SELECT = """
    SELECT token.data, account.id, account.username, account.email, account.is_active
    FROM tokens_requesttoken token JOIN auth_user account ON account.id = token.user_id
    WHERE token.id = %s AND token.scope = %s
"""
CLAIM = """
    UPDATE tokens_requesttoken SET used_to_date = used_to_date + 1, last_used_at = CURRENT_TIMESTAMP
    WHERE id = %s AND revoked_at IS NULL
    AND (max_uses IS NULL OR used_to_date < max_uses)
    AND (expiration_time IS NULL OR expiration_time > CURRENT_TIMESTAMP)
"""
LOG = """
    INSERT INTO tokens_requesttokenlog (token_id, reason, status_code, method, client_ip, user_agent, timestamp)
    VALUES (%s, 'admitted', %s, %s, %s, %s, CURRENT_TIMESTAMP)
"""


def page(request: HttpRequest) -> HttpResponse:
    """What every contestant shows."""
    return render(request, "page.html", {"numbers": range(20)})


def signed_in(request: HttpRequest) -> HttpResponse:
    """What every sign-in ends with."""
    return redirect("/page/")


def link(token: RequestToken) -> str:
    """The query string of a link to one of these views."""
    claims: dict[str, Any] = {"jti": str(token.pk), "sub": token.scope}
    if token.expiration_time is not None:
        claims["exp"] = token.expiration_time
    return urlencode({"rt": jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")})


def signed_value(request: HttpRequest) -> HttpResponse:
    """No row: nothing is counted, recorded or revoked."""
    try:
        signing.loads(request.GET.get("value", ""), max_age=86400)
    except signing.BadSignature:
        raise PermissionDenied from None
    return page(request)


def with_the_orm(request: HttpRequest) -> HttpResponse:
    claims = _decode(request)
    try:
        token = RequestToken.objects.select_related("user").get(pk=claims["jti"], scope="bench.orm")
    except RequestToken.DoesNotExist:
        raise PermissionDenied from None
    if token.user is None or not token.user.is_active:
        raise PermissionDenied
    claimed = RequestToken.objects.filter(
        Q(max_uses=None) | Q(used_to_date__lt=F("max_uses")),
        Q(expiration_time=None) | Q(expiration_time__gt=timezone.now()),
        pk=token.pk,
        revoked_at=None,
    ).update(used_to_date=F("used_to_date") + 1, last_used_at=timezone.now())
    if not claimed:
        raise PermissionDenied
    request.user = token.user
    response = page(request)
    RequestTokenLog.objects.create(
        token=token,
        reason="admitted",
        status_code=response.status_code,
        method=request.method or "",
        client_ip=request.META["REMOTE_ADDR"],
        user_agent=request.headers.get("User-Agent", "")[:500],
    )
    return response


def in_sql(request: HttpRequest) -> HttpResponse:
    claims = _decode(request)
    with connection.cursor() as cursor:
        cursor.execute(SELECT, [claims["jti"], "bench.sql"])
        row = cursor.fetchone()
        if row is None or not row[4]:
            raise PermissionDenied
        cursor.execute(CLAIM, [claims["jti"]])
        if cursor.rowcount != 1:
            raise PermissionDenied
    request.user = User(id=row[1], username=row[2], email=row[3])  # type: ignore[assignment]  # not the site's users
    response = page(request)
    with connection.cursor() as cursor:
        agent = request.headers.get("User-Agent", "")[:500]
        cursor.execute(LOG, [claims["jti"], response.status_code, request.method, request.META["REMOTE_ADDR"], agent])
    return response


def _decode(request: HttpRequest) -> dict[str, Any]:
    try:
        return jwt.decode(
            request.GET.get("rt", ""), settings.SECRET_KEY, algorithms=["HS256"], options={"require": ["jti", "sub"]}
        )
    except jwt.InvalidTokenError:
        raise PermissionDenied from None

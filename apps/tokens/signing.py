"""
Claims in, JWT out, and back (RFC 7519, HS256): the only door to PyJWT.

Raises ``InvalidTokenError`` for whatever was not signed here, ``ExpiredError`` and
``NotYetValidError`` (RFC 7519 sections 4.1.4 and 4.1.5) for what was, out of its time.
"""

import re
import time
from contextlib import suppress
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac

from . import ancestor
from .conf import secret_keys, token_settings
from .exceptions import ExpiredError, InvalidTokenError, NotYetValidError

# Do not change: every link that was ever sent depends on these two lines.
ALGORITHM = "HS256"
KEY_SALT = "tokens.request_token"

# Longer than any token this app can make; a megabyte of rubbish costs nothing.
MAX_LENGTH = 4096

# Threat: malleable signatures. A 32-byte signature has 43 characters whose last carries two unused
# bits; base64 decoders, and so PyJWT before 2.14, ignore those and characters outside the alphabet.
# Only the one canonical spelling is accepted, so no two links are the same token.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def encode(claims: dict[str, Any]) -> str:
    """The claims as a signed JWT. Times are whole seconds since 1970 (NumericDate)."""
    # "typ" is optional (RFC 7519 section 5.1): the derived key says what this is, in no characters.
    key = _key(secret_keys()[0], token_settings.REQUEST_TOKEN_REALM)
    return jwt.encode(claims, key, ALGORITHM, headers={"typ": None})


def decode(token: str) -> dict[str, Any]:
    """The claims of a genuine token that is within its time."""
    claims = verify(token)
    check_times(claims)
    return claims


def verify(token: str) -> dict[str, Any]:
    """The claims of a genuine token, in its time or not: for callers that must know whose it is."""
    if not isinstance(token, str) or len(token) > MAX_LENGTH or not _SHAPE.fullmatch(token):
        raise InvalidTokenError("not shaped like a token")
    realm = token_settings.REQUEST_TOKEN_REALM
    for secret in secret_keys():
        with suppress(jwt.InvalidSignatureError):
            return _well_formed(_decode(token, _key(secret, realm)))
    for secret in secret_keys() if ancestor.is_let_in() else []:
        with suppress(jwt.InvalidSignatureError):
            return _well_formed(ancestor.translated(_decode(token, secret)))
    raise InvalidTokenError("signature does not match")


def check_times(claims: dict[str, Any]) -> None:
    """Raise unless now is at or after ``nbf`` and before ``exp``."""
    now = time.time()
    if now >= claims.get("exp", now + 1):
        raise ExpiredError(at=_moment(claims["exp"]))
    if now < claims.get("nbf", now):
        raise NotYetValidError(at=_moment(claims["nbf"]))


def _moment(seconds: int) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):  # a year beyond 9999
        return datetime.fromtimestamp(seconds, tz=timezone.utc if settings.USE_TZ else None)
    return None


@lru_cache(maxsize=256)
def _key(secret: str | bytes, realm: str) -> bytes:
    # Threat: token confusion. A JWT that another part of the project signs with SECRET_KEY has
    # another key than ours and so can never be taken for a request token, nor the other way round.
    # Threat: a link of one tenant that opens another. The realm is what this key is derived for.
    return salted_hmac(KEY_SALT, realm, secret=secret, algorithm="sha256").digest()


def _decode(token: str, key: str | bytes) -> Any:
    # Times are checked by check_times, so that a refusal can still be put on the token's record.
    unchecked = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
    options: Any = {"verify_signature": True, **{f"verify_{name}": False for name in unchecked}}
    try:
        # Threat: "alg": "none", or a public key taken for a shared one. The algorithm is ours to say.
        return jwt.decode(token, key, algorithms=[ALGORITHM], options=options)
    except jwt.InvalidSignatureError:
        raise
    # Threat: a header of a thousand brackets (RecursionError), bytes that are no text (ValueError).
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise InvalidTokenError("cannot be decoded") from error


def _well_formed(claims: dict[str, Any]) -> dict[str, Any]:
    times = [claims[name] for name in ("iat", "exp", "nbf") if name in claims]
    if (
        _is_token_id(claims.get("jti"))
        and isinstance(claims.get("sub"), str)
        and claims.get("mod") in ("n", "r", "s")
        and isinstance(claims.get("aud", ""), str)
        and all(type(moment) is int for moment in times)
    ):
        return claims
    raise InvalidTokenError("claims are not those of a request token")


def _is_token_id(value: object) -> bool:
    # Within 64 bits, so that no database is asked for a number it cannot hold.
    return isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,17}", value) is not None

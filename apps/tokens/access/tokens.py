"""Mint, check, explain and weaken access tokens. Stateless: no table, no query."""

import math
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hmac import HMAC

from django.core.signing import BadSignature
from django.db.models import TextChoices

from . import signing, wire
from .scope import Scope
from .signing import Key

# Clocks differ between machines, but a token from further ahead was minted by a broken one.
CLOCK_SKEW_SECONDS = 60

Seconds = timedelta | float


class Reason(TextChoices):
    """Why a token is or is not good enough. Only a genuine one gets past BAD_SIGNATURE."""

    OK = "ok"
    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a token says. Scope and times are empty unless it is genuine."""

    reason: Reason
    scope: Scope = Scope()
    issued_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_valid(self) -> bool:
        return self.reason is Reason.OK


def generate(
    scope: Scope | tuple[()] = (),
    key: Key | None = None,
    salt: str | None = None,
    expires_in: Seconds | None = None,
    *,
    state: str | None = None,
) -> str:
    """A token that grants `scope` to whoever holds it.

    You cannot revoke it, so give it an expiry, or a `state`: any text that changes when the token must die, such as a
    field of the object. validate() needs the same key, salt and state. An expiry is counted in whole seconds from the
    second of issue: up to a second early, never late.
    """
    claims = wire.Claims(_something(scope), int(time.time()), _lifetime(expires_in))
    return signing.sign(wire.encode(claims), signing.make_signers(key, salt, state)[0])


def validate(
    token: object,
    scope: Scope | tuple[()] = (),
    key: Key | None = None,
    salt: str | None = None,
    max_age: Seconds | None = None,
    *,
    state: str | None = None,
) -> bool:
    """True if the token is genuine, in time and grants all of `scope`.

    `max_age` counts from the time of issue; it can shorten the token's own lifetime, never extend it.
    """
    reason, _ = _judge(token, _something(scope), max_age, signing.make_signers(key, salt, state))
    return reason is Reason.OK


def inspect(
    token: object,
    *,
    scope: Scope | tuple[()] | None = None,
    key: Key | None = None,
    salt: str | None = None,
    max_age: Seconds | None = None,
    state: str | None = None,
) -> Inspection:
    """What the token says and why it would be refused, for this `scope` or for any. Never raises on a token."""
    wanted = Scope() if scope is None else _something(scope)
    reason, claims = _judge(token, wanted, max_age, signing.make_signers(key, salt, state))
    if claims is None:
        return Inspection(reason)
    expires_at = None if claims.lifetime is None else _moment(claims.issued + claims.lifetime)
    return Inspection(reason, claims.scope, _moment(claims.issued), expires_at)


def narrow(
    token: object,
    scope: Scope | tuple[()],
    expires_in: Seconds | None = None,
    *,
    key: Key | None = None,
    salt: str | None = None,
    state: str | None = None,
) -> str:
    """A weaker token from a valid one: `scope` out of its own, `expires_in` from now but never past its own expiry.

    Both have the same time of issue and state, so the same max_age ends them and the same change revokes them.
    ValueError if the token is not valid or does not grant all of `scope`.
    """
    lifetime = _lifetime(expires_in)
    wanted, signers = _something(scope), signing.make_signers(key, salt, state)
    reason, claims = _judge(token, wanted, None, signers)
    if claims is None or reason is not Reason.OK:
        raise ValueError(f"This token cannot be narrowed to {wanted}: {reason}.")
    if lifetime is not None:
        lifetime = max(0, int(time.time()) + lifetime - claims.issued)
    ends = [seconds for seconds in (lifetime, claims.lifetime) if seconds is not None]
    payload = wire.encode(wire.Claims(wanted, claims.issued, min(ends, default=None)))
    # Threat: a token of a retired key that outlives the key. Whoever signed the first signs the second.
    _, signer = signing.verify(token, signers)
    return signing.sign(payload, signer)


def _something(scope: object) -> Scope:
    if isinstance(scope, Scope) and scope:
        return scope
    raise ValueError(
        'A token needs at least one permission, such as the second argument of scope.access_obj(obj, "app.permission").'
    )


def _lifetime(expires_in: Seconds | None) -> int | None:
    if expires_in is None:
        return None
    seconds = _seconds(expires_in, "expires_in")
    if not 0 < seconds <= wire.MAX_LIFETIME:
        raise ValueError(f"expires_in must lie ahead, unlike {expires_in!r}; leave it out for a token without expiry.")
    return int(seconds)


def _seconds(value: Seconds, name: str) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    # Threat: NaN, the one number that differs from itself. No age exceeds it, so a token would never expire.
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds != seconds:
        raise ValueError(f"{name} must be a timedelta or a number of seconds, not {value!r}.")
    return seconds


def _judge(
    token: object, wanted: Scope, max_age: Seconds | None, signers: list[HMAC]
) -> tuple[Reason, wire.Claims | None]:
    """The verdict, and what the token claims if it is genuine."""
    oldest = math.inf if max_age is None else _seconds(max_age, "max_age")
    try:
        payload, _ = signing.verify(token, signers)
        claims = wire.decode(payload)
    except BadSignature:
        return Reason.BAD_SIGNATURE, None
    except ValueError:
        return Reason.MALFORMED, None
    age = time.time() - claims.issued
    if age < -CLOCK_SKEW_SECONDS:
        return Reason.NOT_YET_VALID, claims
    if age > oldest or (claims.lifetime is not None and age >= claims.lifetime):
        return Reason.EXPIRED, claims
    return Reason.OK if claims.scope.covers(wanted) else Reason.INSUFFICIENT, claims


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)

"""Mint, check, explain and weaken access tokens. Stateless: no table, no query."""

import math
import time
from datetime import datetime, timedelta, timezone

from django.core.signing import BadSignature, Signer

from . import signing, wire
from .inspection import Inspection, Reason
from .scope import Scope
from .signing import Key

# Clocks differ between machines, but a token from further ahead was minted by a broken one.
CLOCK_SKEW_SECONDS = 60

Seconds = timedelta | float

__all__ = ["Inspection", "Reason", "generate", "inspect", "narrow", "validate"]


def generate(
    scope: Scope | tuple[()] = (),
    key: Key | None = None,
    salt: str | None = None,
    expires_in: Seconds | None = None,
    *,
    state: str | None = None,
) -> str:
    """A token that grants `scope` to whoever holds it.

    It cannot be called back, so give it an expiry, or a `state`: any text that changes when the token is to die,
    such as a field of the object. validate() needs the same key, salt and state. An expiry is in whole seconds
    from the second of issue: up to a second early, never late.
    """
    lifetime = None if expires_in is None else _lifetime(expires_in)
    claims = wire.Claims(_something(scope), int(time.time()), lifetime)
    return signing.sign(wire.encode(claims), signing.signers(key, salt, state)[0])


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

    `max_age` counts from the issue; it can shorten the token's own expiry, never extend it.
    """
    wanted = _something(scope)
    oldest = math.inf if max_age is None else _seconds(max_age, "max_age")
    signers = signing.signers(key, salt, state)
    try:
        claims, _ = _open(token, signers)
    except (BadSignature, ValueError):
        return False
    return _judge(claims, wanted, oldest) is Reason.OK


def inspect(
    token: object,
    *,
    scope: Scope | None = None,
    key: Key | None = None,
    salt: str | None = None,
    max_age: Seconds | None = None,
    state: str | None = None,
) -> Inspection:
    """What the token says and why it would be refused, for this `scope` or for any. Never raises on a token."""
    wanted = Scope() if scope is None else _something(scope)
    oldest = math.inf if max_age is None else _seconds(max_age, "max_age")
    signers = signing.signers(key, salt, state)
    try:
        claims, _ = _open(token, signers)
    except BadSignature:
        return Inspection(Reason.BAD_SIGNATURE)
    except ValueError:
        return Inspection(Reason.MALFORMED)
    return Inspection(
        reason=_judge(claims, wanted, oldest),
        scope=claims.scope,
        issued_at=_moment(claims.issued),
        expires_at=None if claims.lifetime is None else _moment(claims.issued + claims.lifetime),
    )


def narrow(
    token: object,
    scope: Scope,
    expires_in: Seconds | None = None,
    *,
    key: Key | None = None,
    salt: str | None = None,
    state: str | None = None,
) -> str:
    """A weaker token from a valid one: `scope` out of its own, `expires_in` from now but never past its own expiry.

    Both have one time of issue and one state, so the same max_age ends them and the same change revokes them.
    ValueError if the token is not valid or does not grant all of `scope`.
    """
    lifetime = None if expires_in is None else _lifetime(expires_in)
    wanted = _something(scope)
    reason = inspect(token, scope=wanted, key=key, salt=salt, state=state).reason
    if reason is not Reason.OK:
        raise ValueError(f"This token cannot be narrowed to {wanted}: {reason}.")
    claims, signer = _open(token, signing.signers(key, salt, state))
    if lifetime is not None:
        lifetime = max(0, int(time.time()) + lifetime - claims.issued)
    ends = [seconds for seconds in (lifetime, claims.lifetime) if seconds is not None]
    # Signed by the key that opened it, or a token of a retired key would outlive that key.
    return signing.sign(wire.encode(wire.Claims(wanted, claims.issued, min(ends, default=None))), signer)


def _something(scope: object) -> Scope:
    if not isinstance(scope, Scope) or not scope:
        raise ValueError(
            "A token is about at least one permission: pass for example "
            'scope.access_obj(obj, "app.permission"), with the permission.'
        )
    return scope


def _lifetime(expires_in: Seconds) -> int:
    seconds = _seconds(expires_in, "expires_in")
    if not 0 < seconds <= wire.MAX_LIFETIME:
        raise ValueError(f"expires_in lies ahead, not {expires_in!r}; leave it out for a token without expiry.")
    return int(seconds)


def _seconds(value: Seconds, name: str) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    # NaN, the one number that differs from itself, is beaten by no age: a token would never expire.
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds != seconds:
        raise ValueError(f"{name} is a timedelta or a number of seconds, not {value!r}.")
    return seconds


def _open(token: object, signers: list[Signer]) -> tuple[wire.Claims, Signer]:
    payload, signer = signing.verify(token, signers)
    return wire.decode(payload), signer


def _judge(claims: wire.Claims, wanted: Scope, oldest: float) -> Reason:
    age = time.time() - claims.issued
    if age < -CLOCK_SKEW_SECONDS:
        return Reason.NOT_YET_VALID
    if age > oldest or (claims.lifetime is not None and age >= claims.lifetime):
        return Reason.EXPIRED
    return Reason.OK if claims.scope.covers(wanted) else Reason.INSUFFICIENT


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)

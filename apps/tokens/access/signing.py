"""Whose signature an access token carries: keys, salt and state. Whether it is in time is for tokens.py."""

import json
from functools import lru_cache
from types import NoneType

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare

from .wire import SIGNATURE_LENGTH, VERSION

Key = str | bytes

# Far above any URL and 3,000 grants; keeps a megabyte of rubbish away from the HMAC.
MAX_LENGTH = 2**18


def signers(key: Key | None, salt: str | None, state: str | None) -> list[Signer]:
    """The signer for new tokens, then those for tokens of retired keys. An explicit key has no retired ones."""
    if key is not None and (not isinstance(key, (str, bytes)) or not key):
        # Signer would take an empty key for "the default key".
        raise ValueError("key is a non-empty str or bytes; leave it out for settings.SECRET_KEY.")
    if not isinstance(salt, (str, NoneType)) or not isinstance(state, (str, NoneType)):
        raise ValueError(f"salt and state are str, not {salt!r} and {state!r}; str() turns most values into one.")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS] if key is None else [key]
    return [Signer(key=each, salt=_mix(salt, state), algorithm="sha256", fallback_keys=[]) for each in keys]


def sign(payload: str, signer: Signer) -> str:
    token = payload + signer.signature(payload)
    if len(token) > MAX_LENGTH:
        raise ValueError(f"This makes a token of {len(token)} characters; {MAX_LENGTH} is the most: grant less.")
    return token


def verify(token: object, candidates: list[Signer]) -> tuple[str, Signer]:
    """The payload and who signed it. BadSignature if none of them did, ValueError if it cannot be a token."""
    if not isinstance(token, str) or not token.isascii() or not SIGNATURE_LENGTH < len(token) <= MAX_LENGTH:
        raise ValueError("Not a token.")
    payload, signature = token[:-SIGNATURE_LENGTH], token[-SIGNATURE_LENGTH:]
    for signer in candidates:
        if constant_time_compare(signature, signer.signature(payload)):
            return payload, signer
    raise BadSignature("No key made this signature.")


@lru_cache
def _mix(salt: str | None, state: str | None) -> str:
    # JSON keeps the two apart: no salt can imitate a state, nor a missing one an empty one.
    return json.dumps([VERSION, salt, state])

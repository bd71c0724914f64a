"""Whose signature an access token carries: key, salt, state and realm. Whether it is in time is for tokens.py."""

import json
from functools import lru_cache
from hashlib import sha256
from hmac import HMAC, compare_digest
from types import NoneType

from django.core.signing import BadSignature, b64_encode
from django.utils.encoding import force_bytes

from ..conf import secret_keys, token_settings
from .wire import SIGNATURE_LENGTH, VERSION

Key = str | bytes

# Far above any URL and 3,000 grants; keeps a megabyte of rubbish away from the HMAC.
MAX_LENGTH = 2**18


def make_signers(key: Key | None, salt: str | None, state: str | None) -> list[HMAC]:
    """The signer of new tokens, then those of retired secrets. An explicit key has no retired ones."""
    if key is not None and (not isinstance(key, (str, bytes)) or not key):
        raise ValueError("key must be a non-empty str or bytes; leave it out for settings.SECRET_KEY.")
    if not isinstance(salt, (str, NoneType)) or not isinstance(state, (str, NoneType)):
        raise ValueError(f"salt and state must be str, not {salt!r} and {state!r}; str() turns most values into one.")
    realm = token_settings.REQUEST_TOKEN_REALM
    return [_make_signer(each, salt, state, realm) for each in (secret_keys() if key is None else [key])]


def sign(payload: str, signer: HMAC) -> str:
    """The token for this payload."""
    token = payload + _signature(payload, signer)
    if len(token) > MAX_LENGTH:
        raise ValueError(f"This makes a token of {len(token)} characters; {MAX_LENGTH} is the most: grant less.")
    return token


def verify(token: object, signers: list[HMAC]) -> tuple[str, HMAC]:
    """The payload and who signed it. BadSignature if none of them did, ValueError if it cannot be a token."""
    if not isinstance(token, str) or not token.isascii() or not SIGNATURE_LENGTH < len(token) <= MAX_LENGTH:
        raise ValueError("Not a token.")
    payload, signature = token[:-SIGNATURE_LENGTH], token[-SIGNATURE_LENGTH:]
    for signer in signers:
        if compare_digest(signature, _signature(payload, signer)):
            return payload, signer
    raise BadSignature("No key made this signature.")


@lru_cache
def _make_signer(key: Key, salt: str | None, state: str | None, realm: str) -> HMAC:
    """What Django's Signer derives, too, but again for every signature."""
    # Threat: a salt that imitates a state or a realm, or an empty one that imitates none. JSON keeps them apart.
    context = json.dumps([VERSION, salt, state, realm] if realm else [VERSION, salt, state])
    return HMAC(sha256(context.encode() + b"signer" + force_bytes(key)).digest(), digestmod="sha256")


def _signature(payload: str, signer: HMAC) -> str:
    signer = signer.copy()
    signer.update(payload.encode())
    return b64_encode(signer.digest()).decode()

"""How the grants and times of an access token are written as text."""

import re
from itertools import chain
from typing import NamedTuple
from urllib.parse import quote, unquote

from django.core.signing import b62_decode, b62_encode

from .scope import Path, Scope

# The wire format, version 1. A law: people have links with these tokens in their inboxes. A version 2 gets its own
# VERSION and functions, beside these.
#
#   token      = payload signature
#   signature  = its last 43 characters: HMAC-SHA256 of the payload by django.core.signing.Signer with the salt
#                json.dumps([VERSION, salt, state]), or [VERSION, salt, state, realm] with a realm, base64url without
#                padding
#   payload    = issued [ "." lifetime "." ] grant *( "--" grant )
#   issued     = Unix time in seconds, 6 base-62 digits (0-9 A-Z a-z)
#   lifetime   = seconds from issued to expiry, 1 to 6 base-62 digits
#   grant      = [ app [ "." model [ "." [ key *( "~~" key ) ] *( "." action ) ] ] ] *( "-" permission )
#   action     = X, short for the permission "app.X_model" of the grant's own app and model; always used for it
#   app, model, key, action and permission are UTF-8 (surrogatepass) percent-encoded as in RFC 3986, with "~" for
#                "%" and only A-Z a-z 0-9 _ left as they are; a key that is the empty string is "~0"
#
# Objects of one model with the same permissions share a grant; without a key it is a grant on the model. Grants go
# from the widest to the narrowest, then by path, then by permissions; keys and permissions are sorted. Every
# character is unreserved in a URL, so neither a query string nor an email encodes a token any further.
VERSION = "tokens.access.1"
SIGNATURE_LENGTH = 43
MAX_LIFETIME = 62**6 - 1

_TIMES = re.compile(r"([0-9A-Za-z]{6})(?:\.([0-9A-Za-z]{1,6})\.)?")
# One object, one permission of its own model, nothing escaped.
_COMMON_GRANT = re.compile(r"(\w+)\.(\w+)\.(\w+)\.(\w+)", re.ASCII)


class Claims(NamedTuple):
    """What a token says: grants, time of issue in Unix seconds, and seconds to live (None: no expiry)."""

    scope: Scope
    issued: int
    lifetime: int | None = None


def encode(claims: Claims) -> str:
    """The payload to sign."""
    permissions_by_path: dict[Path, list[str]] = {}
    for path, permission in claims.scope.grants:
        permissions_by_path.setdefault(path, []).append(permission)
    keys_by_grant: dict[tuple[int, Path, Path], list[str]] = {}
    for path, permissions in permissions_by_path.items():
        grant = (len(path), path[:2], tuple(sorted(permissions)))
        keys_by_grant.setdefault(grant, []).extend(path[2:])
    grants = [
        _encode_grant(path, sorted(keys), permissions) for (_, path, permissions), keys in sorted(keys_by_grant.items())
    ]
    lifetime = "" if claims.lifetime is None else f".{b62_encode(claims.lifetime)}."
    return f"{b62_encode(claims.issued):0>6}{lifetime}{'--'.join(grants)}"


def decode(payload: str) -> Claims:
    """Read a payload whose signature has been checked. ValueError if this version did not write it."""
    times = _TIMES.match(payload)
    if times is None:
        raise ValueError("The payload does not begin with a time of issue.")
    issued, lifetime = times.groups()
    grants = chain.from_iterable(map(_decode_grant, payload[times.end() :].split("--")))
    return Claims(Scope(frozenset(grants)), b62_decode(issued), None if lifetime is None else b62_decode(lifetime))


def _encode_grant(path: Path, keys: list[str], permissions: tuple[str, ...]) -> str:
    fields = [_escape(part) for part in path]
    actions: list[str] = []
    names: list[str] = []
    for permission in permissions:
        action = _action(path, permission)
        (actions if action else names).append(_escape(action or permission))
    if keys or actions:
        fields.append("~~".join([_escape(key) or "~0" for key in keys]))
    return "-".join([".".join(fields + actions), *names])


def _decode_grant(grant: str) -> list[tuple[Path, str]]:
    # For speed alone: the rest of the function reads it too, in twice the time.
    if common := _COMMON_GRANT.fullmatch(grant):
        app_label, model_name, key, action = common.groups()
        return [((app_label, model_name, key), f"{app_label}.{action}_{model_name}")]
    dotted, *names = grant.split("-")
    fields = dotted.split(".") if dotted else []
    path = tuple([_unescape(field) for field in fields[:2]])
    permissions = [_unescape(name) for name in names]
    paths: list[Path] = [path]
    if len(fields) > 2:
        app_label, model_name = path
        permissions += [f"{app_label}.{_unescape(action)}_{model_name}" for action in fields[3:]]
        if fields[2]:
            paths = [(app_label, model_name, _unescape(key)) for key in fields[2].split("~~")]
    if not permissions or "" in permissions or "" in path:
        raise ValueError("A grant without permission, app or model.")
    return [(path, permission) for permission in permissions for path in paths]


def _action(path: Path, permission: str) -> str:
    """X if the permission is "app.X_model" on its own model, else nothing."""
    if len(path) < 2:
        return ""
    prefix, suffix = f"{path[0]}.", f"_{path[1]}"
    is_own = permission.startswith(prefix) and permission.endswith(suffix)
    return permission[len(prefix) : -len(suffix)] if is_own else ""


def _escape(text: str) -> str:
    # For speed alone: nearly every name and key is a plain word, and quote() is slow.
    if text.isascii() and (text.isalnum() or text.isidentifier()):
        return text
    quoted = quote(text, safe="", errors="surrogatepass")
    return quoted.replace("~", "%7E").replace("-", "%2D").replace(".", "%2E").replace("%", "~")


def _unescape(text: str) -> str:
    if "~" not in text:
        return text
    return "" if text == "~0" else unquote(text.replace("~", "%"), errors="surrogatepass")

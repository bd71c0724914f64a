"""Tokens of rubbish, and of rubbish signed with the right key: refused with a reason, whatever they hold."""

import base64
import json
import random
from collections import Counter
from hashlib import sha256
from hmac import digest

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from .. import signing
from ..admission import RequestTokenRule, questions, row_of
from ..conf import secret_keys
from ..exceptions import TokenError
from ..models import RequestToken, RequestTokenLog

SEED = 20261124
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/% \n\0é"
HEADERS = [
    {"alg": "HS256"}, {"alg": "HS256", "typ": "JWT"}, {"alg": "HS256", "crit": ["b64"], "b64": False}, {"alg": "none"},
    {"alg": "HS256", "kid": "../key"}, {"alg": "HS384"}, {"alg": "RS256"}, {"alg": None}, {"alg": ["HS256"]}, {}, [], 1,
]  # fmt: skip
VALUES = [
    None, True, 0, -1, 1, 1.5, 10**18, 10**400, float("nan"), float("inf"), "", "0", "1", "01", "-1", "1e3", "١",
    "s", "r", "n", "x" * 300, "test", "TEST", "\0", "\ud800", [], ["test"], {}, {"test": 1}, "2026-01-01", "' OR 1=1",
]  # fmt: skip
NAMES = ["jti", "sub", "mod", "aud", "iat", "exp", "nbf", "max", "src", "iss"]


@pytest.mark.parametrize("count", [2_000, pytest.param(150_000, marks=pytest.mark.proof)])
def test_a_token_that_nobody_made_is_refused_with_a_reason_and_leaves_no_trace(make_token, session_token, count):
    tokens, chance = [make_token(), make_token(max_uses=None), session_token], random.Random(SEED)
    request, outcomes = RequestFactory().get("/"), Counter()
    request.user = AnonymousUser()

    for _ in range(count):
        token = chance.choice(tokens)
        candidate = chance.choice([spoil, sign])(chance, token)
        outcomes[outcome(request, candidate, token)] += 1

    # Signed with the right key, and odd in nothing that says which token it is, such as "max": the row decides.
    assert outcomes.pop("the very token") > 0
    assert set(outcomes) <= {"invalid", "unknown", "expired", "not_yet_valid"}
    assert not RequestToken.objects.exclude(used_to_date=0).exists()
    assert not RequestTokenLog.objects.exists()


def outcome(request, candidate, token):
    """The code of the refusal, or whether its claims are those of the row that it opens."""
    try:
        claims = signing.verify(candidate)
        row = row_of(claims)
        list(questions(request, RequestTokenRule(token.scope), row, claims))
    except TokenError as error:
        return error.code
    is_it = all(claims.get(name) == value for name, value in row.identity_claims.items())
    return "the very token" if is_it else f"admitted as {row}: {claims}"


def spoil(chance, token):
    """The token with another text in a place or two."""
    text = token.jwt()
    for _ in range(chance.randrange(1, 3)):
        start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        middle = chance.choice(
            ["", chance.choice(LETTERS), text[start:end][::-1], text[start:end] * 2, "." * 3, "A" * 5000]
        )
        text = text[:start] + middle + text[chance.choice([start, start + 1, end]) :]
    return chance.choice([text, text.encode(), {"rt": text}, text.swapcase()]) if text != token.jwt() else ""


def sign(chance, token):
    """Other claims, another header or odd JSON, signed with the right key."""
    claims = dict(token.claims)
    for _ in range(chance.randrange(3)):
        claims[chance.choice(NAMES)] = chance.choice(VALUES)
    for _ in range(chance.randrange(2)):
        claims.pop(chance.choice(NAMES), None)
    body = chance.choice([claims, claims, claims, claims, [claims], "text", None])
    text = json.dumps(body)
    text = chance.choice(
        [text] * 20 + [text[:-1], text * 2, "[" * 1500, "{" + text[1:-1] + ',"jti":"1"}', "\ufeff" + text]
    )
    header = json.dumps(chance.choice(HEADERS if chance.random() < 0.3 else HEADERS[:1]))
    signed = f"{encoded(header.encode())}.{encoded(text.encode(chance.choice(['utf-8'] * 20 + ['utf-16'])))}"
    key = signing._key(secret_keys()[0], "")
    return f"{signed}.{encoded(digest(key, signed.encode(), sha256))}"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

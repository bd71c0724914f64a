"""What each step in the life of a link costs, beside its peers and code written by hand: ``python -m bench links``."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import jwt
from django.conf import settings
from django.core import signing as django_signing
from django.db import connection
from django.db.models import Sum
from request_token.models import RequestToken as Ancestor
from request_token.utils import decode as ancestor_decode
from request_token.utils import encode as ancestor_encode

from apps.tokens import signing
from apps.tokens.models import RequestToken, RequestTokenLog
from bench import access, by_hand
from bench.contestants import (
    ANCESTOR,
    LATCHKEY,
    MAGICLINK,
    NONE,
    ORM,
    OURS,
    REQUEST,
    SESAME,
    SESAME_ONCE,
    SESSION,
    THEIRS,
    VALUE,
    clicks,
    fields,
    fresh_magic_links,
    latchkey_link,
    magic_link,
    people,
    sesame_link,
    value_link,
)
from bench.measuring import Contestant, Findings, Row, describe_database, is_short, scratch_database, server

BULK = 10_000
SAME_STACK = "the same stack without it"
LONGEST_TOKEN = 221


def main() -> int:
    with scratch_database():
        findings = Findings(describe_database(), is_short=is_short())
        rounds = 15 if findings.is_short else 60
        for row in rows(bulk=1000 if findings.is_short else BULK):
            findings.measure(row, rounds)
        check_records()
        lengths: list[dict[str, object]] = []
        if connection.vendor == "sqlite":
            # These ask no database anything, whichever it is.
            for row in access.rows():
                findings.measure(row, rounds)
            access.check_coverage(findings)
            mutated_tokens(findings, 10_000 if findings.is_short else 200_000)
            lengths = list(measure_lengths(findings))
        return findings.finish(lengths=lengths)


def rows(bulk: int) -> Iterator[Row]:
    of, of_site = clicks(), clicks("/site/")
    yield issuing()
    yield issuing_in_bulk(bulk)
    if connection.vendor == "sqlite":
        yield from signing_and_verifying()
        yield from no_token()
    yield Row("A link used, mode NONE", [*of[NONE].values()], at_most={ANCESTOR: 0.5}, queries=3)
    yield Row(
        "A link used, mode REQUEST",
        [*of[REQUEST].values()],
        at_most={ANCESTOR: 0.5, ORM: 0.65, SESAME_ONCE: 1.0},
        queries=3,
    )
    yield Row(
        "Sign-in page, mode SESSION",
        [
            Contestant(LATCHKEY, server("/sign-in/", OURS), of[SESSION][LATCHKEY].prepare, 200),
            of[NONE]["the page alone"],
        ],
        queries=1,
    )
    yield Row(
        "Sign-in, mode SESSION, from click to session",
        [*of[SESSION].values()],
        each=20,
        at_most={ANCESTOR: 1.3, SESAME_ONCE: 2.1},
        queries=10,
    )
    for what, found in (("its own answer", of), ("the same page for all", of_site)):
        yield Row(
            f"A forged link refused, {what}",
            [forged(found[REQUEST][name]) for name in (LATCHKEY, ANCESTOR, SESAME)]
            + [replace(forged(found[SESSION][MAGICLINK]), answers=200)][: found is of],
            at_most={ANCESTOR: 1.0},
            queries=0,
        )


def issuing() -> Row:
    [user] = people(1)
    values = {"login_mode": REQUEST, "user": user}
    return Row(
        "A link made",
        [
            Contestant(LATCHKEY, lambda _: RequestToken.objects.create_token(**fields(), **values).jwt()),
            Contestant(ANCESTOR, lambda _: Ancestor.objects.create_token(**fields(), **values).jwt()),
            Contestant(MAGICLINK, lambda _: magic_link(user)),
            Contestant(SESAME, lambda _: sesame_link(user)),
            Contestant(VALUE, lambda _: value_link()),
        ],
        at_most={ANCESTOR: 1.35},
        queries=1,
    )


def issuing_in_bulk(count: int) -> Row:
    values = {**fields(), "login_mode": REQUEST, "user": people(1)[0]}

    def ours(_: object) -> None:
        for token in RequestToken.objects.create_tokens(RequestToken(**values) for _ in range(count)):
            token.jwt()

    def theirs(_: object) -> None:
        for token in Ancestor.objects.bulk_create((Ancestor(**values) for _ in range(count)), batch_size=1000):
            token.jwt()

    def hand(_: object) -> None:
        for token in RequestToken.objects.bulk_create((RequestToken(**values) for _ in range(count)), batch_size=1000):
            by_hand.link(token)

    contestants = [Contestant(LATCHKEY, ours), Contestant(f"{ANCESTOR}, by bulk_create", theirs)]
    contestants += [Contestant("by hand, bulk_create", hand)]
    return Row(f"{count:,} links made at once, each", contestants, each=1, amount=count, share=0.05)


def signing_and_verifying() -> Iterator[Row]:
    claims = RequestToken.objects.create_token(**fields(), login_mode=REQUEST, user=people(1)[0]).claims
    key = settings.SECRET_KEY
    token, theirs, value = signing.encode(claims), ancestor_encode(claims), django_signing.dumps(claims)
    yield Row(
        "Encode the claims",
        [
            Contestant(LATCHKEY, lambda _: signing.encode(claims)),
            Contestant("PyJWT", lambda _: jwt.encode(claims, key, "HS256")),
            Contestant(ANCESTOR, lambda _: ancestor_encode(claims)),
            Contestant(VALUE, lambda _: django_signing.dumps(claims)),
        ],
        each=200,
        at_most={"PyJWT": 1.15},
        queries=0,
    )
    yield Row(
        "Verify them",
        [
            Contestant(LATCHKEY, lambda _: signing.decode(token)),
            Contestant("PyJWT", lambda _: jwt.decode(theirs, key, ["HS256"], options={"verify_aud": False})),
            Contestant(ANCESTOR, lambda _: ancestor_decode(theirs)),
            Contestant(VALUE, lambda _: django_signing.loads(value, max_age=86400)),
        ],
        each=200,
        at_most={"PyJWT": 1.15},
        queries=0,
    )


def no_token() -> Iterator[Row]:
    sesame = "sesame.middleware.AuthenticationMiddleware"
    for what, query in (("", ""), (", with a foreign query string", "utm_source=x")):

        def at(name: str, *middleware: str, query: str = query) -> Contestant:
            return Contestant(name, server("/page/", *middleware), lambda count: [query] * count, 200)

        yield Row(
            f"A page without a token{what}",
            [at(LATCHKEY, OURS), at(SAME_STACK), at(ANCESTOR, THEIRS), at(SESAME, sesame)],
            each=40,
            share=4,
            at_most={SAME_STACK: 1.06},
            queries=0,
        )


def forged(contestant: Contestant) -> Contestant:
    """The same with a letter changed in each link."""

    def forge(link: str) -> str:
        position = link.index("=") + 16
        return f"{link[:position]}{'A' if link[position] != 'A' else 'B'}{link[position + 1 :]}"

    return replace(contestant, prepare=lambda count: [forge(link) for link in contestant.prepare(count)], answers=403)


def check_records() -> None:
    """Nobody is quicker by counting less or recording less."""
    for scope in ("bench", "bench.orm", "bench.sql", "bench.sign_in"):
        tokens = RequestToken.objects.filter(scope=scope)
        counted = tokens.aggregate(total=Sum("used_to_date"))["total"]
        recorded = RequestTokenLog.objects.filter(token__in=tokens, reason="admitted").count()
        if not counted or counted != recorded:
            raise SystemExit(f"{scope}: {counted} uses were counted and {recorded} put on record")


def mutated_tokens(findings: Findings, count: int) -> None:
    get = server("/token/", OURS)
    link = latchkey_link(NONE)
    alphabet = string.ascii_letters + string.digits + "-_.%=+ /"
    statuses: Counter[int] = Counter()
    for _ in range(count):
        letters = list(link.removeprefix("rt="))
        for _ in range(random.choice((1, 1, 2, 5, 50))):
            position = random.randrange(len(letters))
            random.choice((letters.__setitem__, letters.insert))(position, random.choice(alphabet))
        mutated = f"rt={''.join(letters)}"
        if mutated != link:
            statuses[get(mutated)] += 1
    others = sum(statuses.values()) - statuses[403]
    findings.check(f"{count:,} mutated tokens: answers other than 403", str(others), "0", others == 0)


def measure_lengths(findings: Findings) -> Iterator[dict[str, object]]:
    [user] = people(1)
    # As numbers are in a site of some size.
    user.pk = 123456
    claims = {"jti": "1234567", "sub": "newsletter.unsubscribe", "mod": "r", "max": 1, "aud": "123456"}
    claims |= {"iat": 1700000000, "exp": 1700000000}
    ours = len(signing.encode(claims))
    findings.check("characters of a token", str(ours), str(LONGEST_TOKEN), ours <= LONGEST_TOKEN)
    yield {"name": LATCHKEY, "length": ours}
    yield {"name": ANCESTOR, "length": len(ancestor_encode({**claims, "jti": 1234567}))}
    yield {"name": VALUE, "length": len(django_signing.dumps(claims))}
    yield {"name": f"{MAGICLINK}, with the address", "length": len(fresh_magic_links(1)[0].partition("=")[2])}
    yield {"name": SESAME, "length": len(sesame_link(user).partition("=")[2])}
    yield from access.measure_lengths(findings)

"""Access tokens beside django.core.signing and itsdangerous, on the same content; a part of bench/links.py."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.conf import settings
from django.core import signing
from itsdangerous import URLSafeTimedSerializer

from apps.tokens.access import tokens
from apps.tokens.access.scope import Scope
from bench.measuring import Contestant, Findings, Row

LATCHKEY, SIGNING, DANGEROUS = "Latchkey", "django.core.signing", "itsdangerous"
LONGEST_TOKEN = 103
# Our CPU time in that of django.core.signing, by the number of grants. With many, dumps() works in C and generate()
# sorts in Python.
AT_MOST = {1: 1.1, 10: 1.1, 100: 1.4, 3000: 2.0}
LONGEST_COVERAGE_MS = 50
PERMISSIONS = ["newsletter.preview_issue", "publish", "newsletter.change_issue"]


def rows() -> Iterator[Row]:
    for count, most in AT_MOST.items():
        scope = issues(count, PERMISSIONS[0])
        plain = [[list(path), [name]] for path, name in sorted(scope.grants)]
        dangerous = URLSafeTimedSerializer(settings.SECRET_KEY)
        token, signed, serialized = tokens.generate(scope), signing.dumps(plain), dangerous.dumps(plain)
        grants = "1 grant" if count == 1 else f"{count:,} grants"
        each = max(1, 300 // count)
        yield Row(
            f"An access token made, {grants}",
            [
                Contestant(LATCHKEY, lambda _, scope=scope: tokens.generate(scope)),
                Contestant(SIGNING, lambda _, plain=plain: signing.dumps(plain)),
                Contestant(DANGEROUS, lambda _, plain=plain, it=dangerous: it.dumps(plain)),
            ],
            each=each,
            at_most={SIGNING: most},
            queries=0,
        )
        yield Row(
            f"An access token checked, {grants}",
            [
                Contestant(
                    LATCHKEY, lambda _, t=token, scope=scope: tokens.validate(t, scope, max_age=300), answers=True
                ),
                Contestant(SIGNING, lambda _, t=signed: signing.loads(t, max_age=300) is not None),
                Contestant(DANGEROUS, lambda _, t=serialized, it=dangerous: it.loads(t, max_age=300) is not None),
            ],
            each=each,
            at_most={SIGNING: most},
            queries=0,
        )


def check_coverage(findings: Findings) -> None:
    same, narrower = issues(3000, "read"), issues(3000, "read", "comment")
    wider = Scope(frozenset((path[:2], name) for path, name in narrower.grants)) + same
    for name, granted, asked in (("equal", same, same), ("through the model", wider, narrower)):
        start = time.process_time()
        granted.covers(asked)
        taken = (time.process_time() - start) * 1e3
        what = f"3,000 grants against 3,000, {name}: ms"
        findings.check(what, f"{taken:.1f}", str(LONGEST_COVERAGE_MS), taken < LONGEST_COVERAGE_MS)


def measure_lengths(findings: Findings) -> Iterator[dict[str, object]]:
    for permission in PERMISSIONS:
        length = len(tokens.generate(issues(1, permission)))
        findings.check(f"characters of an access token, {permission}", str(length), "103", length <= LONGEST_TOKEN)
        yield {"name": f"Latchkey, access token for {permission}", "length": length}


def issues(count: int, *permissions: str) -> Scope:
    return Scope(frozenset((("newsletter", "issue", str(key)), name) for key in range(count) for name in permissions))

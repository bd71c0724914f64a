"""Access tokens beside django.core.signing on the same content, and coverage of 3,000 grants by 3,000.

python bench/access.py            # --quick for CI; fails if a target of DESIGN section 7 or issue 3 is missed
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.conf import settings

settings.configure(SECRET_KEY="bench-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH")

from django.core import signing  # noqa: E402

from apps.tokens.access import tokens  # noqa: E402
from apps.tokens.access.scope import Scope  # noqa: E402

SLOWEST_RATIO = 0.7
LONGEST_COVERAGE_MS = 50
LONGEST_TOKEN = 103
PERMISSIONS = ["newsletter.preview_issue", "publish", "newsletter.change_issue"]


def main(rounds: int) -> bool:
    passed = True
    for permission in PERMISSIONS:
        length = len(tokens.generate(issues(1, permission)))
        passed &= length <= LONGEST_TOKEN
        print(f"size: {length} characters for {permission!r} on one issue")
    for count in (1, 10, 100, 3000):
        scope = issues(count, PERMISSIONS[0])
        plain = [[list(path), [name]] for path, name in sorted(scope.grants)]
        token, signed = tokens.generate(scope), signing.dumps(plain, salt="bench")
        minting, dumping, validating, loading = fastest(
            max(1, rounds // count),
            lambda scope=scope: tokens.generate(scope),
            lambda plain=plain: signing.dumps(plain, salt="bench"),
            lambda token=token, scope=scope: tokens.validate(token, scope, max_age=300),
            lambda signed=signed: signing.loads(signed, salt="bench", max_age=300),
        )
        passed &= min(dumping / minting, loading / validating) >= SLOWEST_RATIO
        print(
            f"{count} grants, {len(token)} characters ({len(signed)}): "
            f"generate {minting * 1e6:.1f} us, {dumping / minting:.2f} x dumps; "
            f"validate {validating * 1e6:.1f} us, {loading / validating:.2f} x loads"
        )
    same, narrower = issues(3000, "read"), issues(3000, "read", "comment")
    wider = Scope(frozenset(((*path[:2],), name) for path, name in narrower.grants)) + same
    for name, granted, asked in (("equal", same, same), ("through the model", wider, narrower)):
        [coverage] = fastest(1, lambda granted=granted, asked=asked: granted.covers(asked))
        passed &= coverage * 1e3 < LONGEST_COVERAGE_MS
        print(f"coverage, {len(granted.grants)} grants against {len(asked.grants)}, {name}: {coverage * 1e3:.2f} ms")
    print("passed" if passed else "MISSED")
    return passed


def issues(count: int, *permissions: str) -> Scope:
    return Scope(frozenset((("newsletter", "issue", str(key)), name) for key in range(count) for name in permissions))


def fastest(number: int, *functions: Callable[[], object], repeats: int = 30) -> list[float]:
    """Seconds per call, the best of interleaved repeats: a busy machine slows all of them alike."""
    best = [float("inf")] * len(functions)
    for _ in range(repeats):
        for place, function in enumerate(functions):
            start = perf_counter()
            for _ in range(number):
                function()
            best[place] = min(best[place], (perf_counter() - start) / number)
    return best


if __name__ == "__main__":
    sys.exit(not main(rounds=300 if "--quick" in sys.argv else 2000))

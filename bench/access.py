"""
What access tokens cost, beside django.core.signing on the same content, and the comparison of 3,000 grants with 3,000.

    python -m bench.access             # --short for a quick look; exits with 1 if a target is missed

Every ratio is a median of interleaved rounds in one process, in CPU time.
"""

import argparse
import os
import random
import statistics
import sys
import time

from django.core import signing

from apps.tokens.access import tokens
from apps.tokens.access.scope import Scope

# This module is its own settings, as a site has them: settings.configure() makes slower ones.
os.environ["DJANGO_SETTINGS_MODULE"] = __name__
SECRET_KEY = "bench-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH"

LONGEST_TOKEN = 103
# By the number of grants. With many, dumps() works in C and generate() sorts in Python.
SLOWEST_RATIO = {1: 0.9, 10: 0.9, 100: 0.7, 3000: 0.5}
LONGEST_COVERAGE_MS = 50
PERMISSIONS = ["newsletter.preview_issue", "publish", "newsletter.change_issue"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a quarter of the work")
    rounds = 50 if parser.parse_args().short else 200
    targets_met = [*sizes(), *speed(rounds), *coverage()]
    print("passed" if all(targets_met) else "MISSED")
    sys.exit(not all(targets_met))


def sizes():
    print(f"Characters, one permission on one object (target: at most {LONGEST_TOKEN})")
    for permission in PERMISSIONS:
        length = len(tokens.generate(issues(1, permission)))
        print(f"  {permission:32} {length:8}")
        yield length <= LONGEST_TOKEN


def speed(rounds):
    for count, slowest in SLOWEST_RATIO.items():
        print(f"{count:,} grants (target: at least {slowest} of the speed of signing.dumps and signing.loads)")
        scope = issues(count, PERMISSIONS[0])
        plain = [[list(path), [name]] for path, name in sorted(scope.grants)]
        token, signed = tokens.generate(scope), signing.dumps(plain)
        ratios = [
            compare(rounds, count, (signing.dumps, plain), (tokens.generate, scope)),
            compare(rounds, count, (signing.loads, signed), (tokens.validate, token, scope), max_age=300),
        ]
        yield min(ratios) >= slowest


def compare(rounds, count, theirs, ours, **options):
    """The speed of our call in that of theirs."""
    each = max(1, 300 // count)
    times = {theirs[0]: [], ours[0]: []}
    for _ in range(rounds):
        for function, *args in random.sample([theirs, ours], 2):
            start = time.process_time()
            for _ in range(each):
                function(*args, **options)
            times[function].append((time.process_time() - start) / each * 1e6)
    ratio = statistics.median(a / b for a, b in zip(*times.values(), strict=True))
    print(f"  {ours[0].__name__:32} {statistics.median(times[ours[0]]):8.1f} µs   x {ratio:.3f}")
    return ratio


def coverage():
    print(f"3,000 grants against 3,000 (target: under {LONGEST_COVERAGE_MS} ms)")
    same, narrower = issues(3000, "read"), issues(3000, "read", "comment")
    wider = Scope(frozenset((path[:2], name) for path, name in narrower.grants)) + same
    for name, granted, asked in (("equal", same, same), ("through the model", wider, narrower)):
        start = time.process_time()
        granted.covers(asked)
        duration = (time.process_time() - start) * 1e3
        print(f"  {name:32} {duration:8.2f} ms")
        yield duration < LONGEST_COVERAGE_MS


def issues(count, *permissions):
    return Scope(frozenset((("newsletter", "issue", str(key)), name) for key in range(count) for name in permissions))


if __name__ == "__main__":
    main()

"""
What links cost, beside what else one could take: ``make bench``, or ``python -m bench`` in its environment.

    make bench                               # links, clicks and orders; writes bench/RESULTS.md and its plots
    make bench BENCH_ARGS=scale              # a million tokens on PostgreSQL
    make bench BENCH_ARGS=sending            # 100,000 deliveries
    make test-bench                          # ratios and numbers of queries, in a minute; writes nothing

On SQLite files and on the server of TEST_DATABASE_URL, by default the PostgreSQL of this machine, in databases that are
made beside the one it names and dropped afterwards. Fails where a limit is missed, and says which.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PARTS = {
    # By the databases to run on, one after the other.
    "links": ["sqlite", "server"],
    "clicks": ["sqlite", "server"],
    "orders": ["memory"],
    "scale": ["server"],
    "sending": ["sqlite", "server"],
}
DEFAULT = ["links", "clicks", "orders"]
SHORT = ["links", "clicks"]
LOCAL_SERVER = "postgres://postgres@127.0.0.1:5432/latchkey"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; by default {DEFAULT}")
    parser.add_argument("--short", action="store_true", help="few rounds, wider limits, no report")
    parser.add_argument("--rows", type=int, default=1_000_000, help="the largest number of tokens for scale")
    parser.add_argument("--emails", type=int, default=100_000, help="the number of deliveries for sending")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    from bench import report

    results, failed = {}, False
    for part in options.parts or (SHORT if options.short else DEFAULT):
        results[part], is_good = run(part)
        failed |= not is_good
    if not options.short:
        report.write(results)
    missed = [check for found in results.values() for each in found for check in each["checks"] if not check["passed"]]
    for check in missed:
        print("MISSED: {what}: {figure}, at most {most}".format(**check))
    print(f"limits held: {sum(len(each['checks']) for found in results.values() for each in found) - len(missed)}")
    return int(failed)


def run(part: str) -> tuple[list[dict], bool]:
    """Its findings on each database. A process each: a site knows its database from the start."""
    found, is_good = [], True
    with tempfile.TemporaryDirectory() as folder:
        server = os.environ.get("TEST_DATABASE_URL", LOCAL_SERVER)
        urls = {"sqlite": f"sqlite:///{folder}/bench.sqlite3", "memory": "sqlite:///:memory:", "server": server}
        # The short form needs no server; `make test-databases` races on those.
        for database in ["sqlite"] if "--short" in sys.argv else PARTS[part]:
            findings = Path(folder) / f"{database}.json"
            environment = {**os.environ, "BENCH_DATABASE_URL": urls[database], "BENCH_FINDINGS": str(findings)}
            command = [sys.executable, "-m", "bench", *sys.argv[1:]]
            is_good &= subprocess.run(command, env={**environment, "BENCH_PART": part}, check=False).returncode == 0
            if findings.exists():
                found.append(json.loads(findings.read_text(encoding="utf-8")))
    return found, is_good


def run_here(part: str) -> int:
    import django

    if part == "sending":
        # The whole site, and nothing of this machine's.
        from bench.sink import Sink

        sink = Sink()
        os.environ |= {
            "ENV_FILE": "",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": "bench-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
            "SITE_URL": "https://latchkey.example",
            "DATABASE_URL": os.environ["BENCH_DATABASE_URL"],
            "EMAIL_URL": sink.url,
            "LOG_LEVEL": "WARNING",
        }
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    django.setup()
    module = importlib.import_module(f"bench.{part}")
    exit_code: int = module.main(sink) if part == "sending" else module.main()
    return exit_code


if __name__ == "__main__":
    sys.exit(run_here(os.environ["BENCH_PART"]) if "BENCH_PART" in os.environ else main())

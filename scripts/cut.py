#!/usr/bin/env python3
"""
Cut a part out of this project that yours does not need.

    scripts/cut.py demo         the demo, its tests, and the browsers that walk through it
    scripts/cut.py mailing      that, and sending: issues are then published in the admin

Says first what it would do; with --yes it does it. The lists below are all it knows: where a file or a line of them has
changed it stops before anything is touched, and says which. Nothing but Python and git is needed, and git undoes it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Of each part: files and folders that go, and what becomes of texts that stay. An empty text takes its line with it.
PATHS: dict[str, list[str]] = {}
TEXTS: dict[str, list[tuple[str, str, str]]] = {}

PATHS["demo"] = [
    "apps/demo",
    "tests/demo",
    "tests/browser",
    "scripts/test-browser",
    "tests/site/test_startproject.py",
]
TEXTS["demo"] = [
    ("config/settings.py", '    "apps.demo",', ""),
    ("config/settings.py", "    # With DEBUG only: a page that took a token shows the click from inside.", ""),
    ("config/settings.py", '    "apps.demo.inside.InsideMiddleware",', ""),
    ("config/settings.py", '                "apps.demo.context_processors.addresses",', ""),
    (
        "config/settings.py",
        "        # On a developer's machine the console shows an email's text, and /demo/mailbox/ the whole.",
        "",
    ),
    ("config/settings.py", '"apps.demo.mailbox.MailboxBackend" if DEBUG else services.', "services."),
    ("config/settings.py", 'DEMO_MAILBOX_DIR = dotenv.LOCAL_DIR / "mailbox"', ""),
    ("config/urls.py", '    path("demo/", include("apps.demo.urls")),', ""),
    ("tests/settings.py", 'DEMO_MAILBOX_DIR = SCRATCH_DIR / "mailbox"', ""),
    ("pyproject.toml", '"(apps.demo)", ', ""),
    ("scripts/ci", "check test-browser proof", "check proof"),
]

PATHS["mailing"] = [
    "apps/mailing",
    "templates/mailing",
    "tests/mailing",
    "tests/deployment",
    "scripts/test-deploy",
    "tests/support/sending.py",
    "bench/sending.py",
    "docs/sending.md",
    "config/management/commands/after_restore.py",
    "tests/site/test_restore.py",
]
TEXTS["mailing"] = [
    ("config/settings.py", '    "apps.mailing",', ""),
    ("config/urls.py", '    path("newsletter/", include("apps.mailing.urls")),', ""),
    ("pyproject.toml", '"(apps.mailing)", ', ""),
    (
        "Makefile",
        "tests/newsletter/test_every_order.py \\\n\t\ttests/mailing/test_every_order.py",
        "tests/newsletter/test_every_order.py",
    ),
    ("scripts/ci", " test-deploy)", ")"),
    ("tests/site/test_logging.py", '    "apps.mailing",', ""),
]

# A part goes with those that import it.
WITH = {"demo": ["demo"], "mailing": ["demo", "mailing"]}


class CutError(Exception):
    """What to do instead."""


def main() -> int:
    description, _, epilog = (__doc__ or "").strip().partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=WITH)
    parser.add_argument("--yes", action="store_true", help="do it")
    options = parser.parse_args()
    try:
        paths, texts = plan(options.part)
        if options.yes:
            refuse_uncommitted()
    except CutError as error:
        print(error, file=sys.stderr)
        return 2
    for path in paths:
        print(f"remove {path}")
    for name, (before, after) in texts.items():
        print(f"edit   {name}: {before.count(chr(10)) - after.count(chr(10))} lines fewer")
    if not options.yes:
        print("Nothing has been changed yet: --yes does it.")
        return 0
    for path in paths:
        (shutil.rmtree if (ROOT / path).is_dir() else Path.unlink)(ROOT / path)
    for name, (_, after) in texts.items():
        (ROOT / name).write_text(after, encoding="utf-8")
    print("Done. Now: make check, make test, and look for its name in README.md and docs/.")
    return 0


def plan(part: str) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """The paths to remove, and for each text its present and its later form."""
    parts = [each for each in WITH[part] if not is_cut(each)]
    if not parts:
        raise CutError(f"{part} has been cut already.")
    paths = [path for each in parts for path in PATHS[each]]
    texts: dict[str, tuple[str, str]] = {}
    wrong = [f"{path} is not there" for path in paths if not (ROOT / path).exists()]
    for name, old, new in (edit for each in parts for edit in TEXTS[each]):
        before, text = texts.get(name) or [(ROOT / name).read_text(encoding="utf-8")] * 2
        old = old if new or not is_whole_line(old, text) else f"{old}\n"
        if text.count(old) != 1:
            wrong.append(f"{name} has {text.count(old)} times, and should have once: {old.strip()}")
        texts[name] = (before, text.replace(old, new).rstrip() + "\n")
    if wrong:
        raise CutError("This project is not as the lists in scripts/cut.py have it:\n  " + "\n  ".join(wrong))
    return paths, texts


def is_whole_line(old: str, text: str) -> bool:
    return f"\n{old}\n" in text


def is_cut(part: str) -> bool:
    return not (ROOT / PATHS[part][0]).exists()


def refuse_uncommitted() -> None:
    status = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True)
    if status.returncode:
        raise CutError("This is not a git repository: what is cut could not be brought back.")
    if status.stdout.strip():
        raise CutError(f"There are changes that are not committed: commit them first.\n{status.stdout}")


if __name__ == "__main__":
    sys.exit(main())

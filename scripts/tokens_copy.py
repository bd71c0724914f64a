#!/usr/bin/env python3
"""
Copies of apps/tokens in other projects: make one, see what was changed in it, bring it up to date.

    scripts/tokens_copy.py add PATH        copy the app there and say what to write into the settings
    scripts/tokens_copy.py diff PATH       what its owner has changed since
    scripts/tokens_copy.py update PATH     merge what is new here into it; its project's git must be clean
    scripts/tokens_copy.py adopt PATH      find out which version a copy without a record is, and record it
    scripts/tokens_copy.py verify PATH     its version, how many files were changed, and what it misses

A copy is recorded in its ORIGIN.json: version, commit and digests, and what the last verify found it to miss, which
``manage.py check --deploy`` there repeats. Nothing but Python and git is needed. If the project
formats its code, name its formatter, such as ``--format "ruff format"``: it is run on three scratch copies beside PATH
(the version copied, the present one and the owner's), so that only what was meant differs.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
APP = "apps/tokens"
RECORD = "ORIGIN.json"
# A copy this much like a version is taken for it: word by word, which no formatter changes.
ALIKE = 0.8
# Files that running the app and its tests leaves behind.
NOT_OURS = re.compile(r"(^|/)(__pycache__|\.hypothesis|\.[^/]*_cache)(/|$)|\.pyc$")

Files = dict[str, bytes]


class CopyError(Exception):
    """What to do instead."""


class Record(NamedTuple):
    version: str
    commit: str
    files: dict[str, str]
    verified: str = ""
    missed: list[str] = []


def main(arguments: list[str] | None = None) -> int:
    description, _, epilog = (__doc__ or "").strip().partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["add", "diff", "update", "adopt", "verify"])
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--format", metavar="COMMAND", help="your formatter; it is given a folder")
    options = parser.parse_args(arguments)
    commands = {"add": add, "diff": diff, "update": update, "adopt": adopt, "verify": verify}
    try:
        return commands[options.command](options.path, shlex.split(options.format or ""))
    except CopyError as error:
        print(error, file=sys.stderr)
        return 2


# The commands


def add(path: Path, formatter: list[str]) -> int:
    if path.exists():
        raise CopyError(f"{path} is there already.")
    commit = head()
    files = files_at(commit)
    write(path, files)
    record(path, commit, files)
    dotted = ".".join(path.parts) if not path.is_absolute() else f"your.path.to.{path.name}"
    print(f"Copied {version_of(files)} to {path}. Its README goes on from here; the settings get these lines:\n")
    settings = re.search(r"INSTALLED_APPS \+=.*?(?=```)", files["README.md"].decode(), re.DOTALL)
    print(re.sub("^   ", "", settings[0], flags=re.MULTILINE).replace("apps.tokens", dotted) if settings else "")
    return 0


def diff(path: Path, formatter: list[str]) -> int:
    base, yours = files_at(read_record(path).commit), read(path)
    base, yours = formatted(path, formatter, base, yours)
    for name in sorted(base.keys() | yours.keys()):
        before, after = (side.get(name, b"").decode(errors="replace").splitlines() for side in (base, yours))
        for line in difflib.unified_diff(before, after, f"copied/{name}", f"yours/{name}", lineterm=""):
            print(line)
    return 0


def update(path: Path, formatter: list[str]) -> int:
    """The number of files that need a hand."""
    known = read_record(path)
    refuse_uncommitted(path)
    commit = head()
    present = files_at(commit)
    raw = read(path)
    base, new, yours = formatted(path, formatter, files_at(known.commit), present, raw)
    by_hand = []
    for name in sorted(base.keys() | new.keys() | yours.keys()):
        text, remark = merged(name, base.get(name), new.get(name), yours.get(name))
        if remark:
            by_hand.append(f"  {name}: {remark}")
        if text is None:
            (path / name).unlink(missing_ok=True)
        elif text != yours.get(name):
            write(path, {name: text})
    record(path, commit, present)
    print(f"From {known.version} to {version_of(present)}.")
    print("\n".join(news(present, since=known.version)) or "No entries in its CHANGELOG.")
    print("Look at these:\n" + "\n".join(by_hand) if by_hand else "Nothing is left to do by hand.")
    print(f"Then: makemigrations --check, migrate, and python -m <path>.{path.name}.tests")
    return 1 if by_hand else 0


def adopt(path: Path, formatter: list[str]) -> int:
    yours = read(path)
    likeness, commit = max(
        ((alike(yours, files_at(commit)), commit) for commit in history()), key=lambda found: found[0]
    )
    if likeness < ALIKE:
        raise CopyError(f"{path} is not a version of {APP} that is known here: the closest has {likeness:.0%} of it.")
    files = files_at(commit)
    record(path, commit, files)
    print(f"{path} is {version_of(files)}, commit {commit[:10]}: {likeness:.1%} of the words are the same.")
    return 0


def verify(path: Path, formatter: list[str]) -> int:
    """Offline: 1 if it misses what its CHANGELOG here calls security."""
    known = write_record(path, read_record(path))
    yours = {name: digest(text) for name, text in read(path).items()}
    changed = [name for name in known.files.keys() | yours.keys() if known.files.get(name) != yours.get(name)]
    print(f"{known.version}, {len(changed)} files changed, {len(known.missed)} security entries newer than yours")
    print("\n".join([*(f"  {name}" for name in sorted(changed)), *known.missed]))
    return 1 if known.missed else 0


# Three versions of a file become one


def merged(name: str, base: bytes | None, new: bytes | None, yours: bytes | None) -> tuple[bytes | None, str]:
    """What the file is to be, None for gone, and what its owner has to look at, if anything."""
    if new in (base, yours):
        return yours, ""
    if yours is None:
        return (new, "") if base is None else (None, "you have deleted it, and it has changed here")
    # A migration that has run somewhere is history.
    if PurePosixPath(name).parent.name == "migrations":
        return yours, "differs from the one here, and migrations that exist are not merged"
    if new is None:
        return (None, "") if yours == base else (yours, "was removed or renamed here, and you have changed it")
    if yours == base:
        return new, ""
    with tempfile.TemporaryDirectory() as folder:
        sides = [Path(folder, side) for side in ("yours", "copied", "present")]
        for side, text in zip(sides, (yours, base or b"", new), strict=True):
            side.write_bytes(text)
        labels = [word for side in sides for word in ("-L", side.name)]
        result = subprocess.run(["git", "merge-file", "-p", *labels, *map(str, sides)], capture_output=True)
    if result.returncode not in range(128):
        raise CopyError(result.stderr.decode())
    return result.stdout, f"{result.returncode} conflicts" if result.returncode else ""


def formatted(path: Path, formatter: list[str], *versions: Files) -> list[Files]:
    """Each version, as the project's formatter would have it."""
    if not formatter:
        return list(versions)
    results = []
    for version in versions:
        # Beside the copy and not in /tmp: that is where formatters look for their settings.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="tokens_copy_") as folder:
            write(Path(folder), version)
            result = subprocess.run([*formatter, folder], capture_output=True, text=True)
            if result.returncode:
                raise CopyError(f"{shlex.join(formatter)} failed: {result.stdout}{result.stderr}")
            results.append(read(Path(folder)))
    return results


# The copy


def read(path: Path) -> Files:
    if not (path / "apps.py").exists():
        raise CopyError(f"{path} is not a copy of {APP}: it has no apps.py.")
    names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
    return {name: (path / name).read_bytes() for name in names if name != RECORD and not NOT_OURS.search(name)}


def write(path: Path, files: Files) -> None:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(text)


def record(path: Path, commit: str, files: Files) -> None:
    write_record(path, Record(version_of(files), commit, {name: digest(text) for name, text in sorted(files.items())}))


def write_record(path: Path, known: Record) -> Record:
    known = known._replace(verified=datetime.now(timezone.utc).date().isoformat(), missed=security_since(known.version))
    (path / RECORD).write_text(json.dumps(known._asdict(), indent=1) + "\n", encoding="utf-8")
    return known


def read_record(path: Path) -> Record:
    try:
        return Record(**json.loads((path / RECORD).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CopyError(f"{path} has no {RECORD}: run {Path(__file__).name} adopt {path} first.") from None


def digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def refuse_uncommitted(path: Path) -> None:
    # But for the record, which verify writes and an update writes anew.
    command = ["git", "status", "--porcelain", "--", ".", f":(exclude){RECORD}"]
    status = subprocess.run(command, cwd=path, capture_output=True, text=True)
    if status.returncode:
        raise CopyError(f"{path} is in no git repository: what an update does could not be undone.")
    if status.stdout.strip():
        raise CopyError(f"{path} has changes that are not committed: commit them first.\n{status.stdout}")


# The checkout


def git(*arguments: str) -> bytes:
    result = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True)
    if result.returncode:
        hint = "A clone with its whole history is needed: git clone, or git fetch --unshallow."
        raise CopyError(f"git {' '.join(arguments)}: {result.stderr.decode().strip()}\n{hint}")
    return result.stdout


def head() -> str:
    if git("status", "--porcelain", "--", APP).strip():
        raise CopyError(f"{APP} has changes here that are not committed: a copy of them could not be updated.")
    return git("rev-parse", "HEAD").decode().strip()


def history() -> list[str]:
    """Every commit that changed the app, the newest first."""
    return git("log", "--format=%H", "--", APP).decode().split()


def files_at(commit: str) -> Files:
    listing = git("ls-tree", "-r", "-z", commit, f"{APP}/").decode().split("\0")
    blobs = [line.partition("\t") for line in listing if line]
    return {name.removeprefix(f"{APP}/"): blob(head.split()[2]) for head, _, name in blobs}


_blobs: dict[str, bytes] = {}


def blob(name: str) -> bytes:
    if name not in _blobs:
        _blobs[name] = git("cat-file", "blob", name)
    return _blobs[name]


def version_of(files: Files) -> str:
    found = re.search(rb'^__version__ = "([^"]+)"', files.get("__init__.py", b""), re.MULTILINE)
    return found[1].decode() if found else "0"


def alike(yours: Files, version: Files) -> float:
    """The share of words that two versions have in common, whatever a formatter has done to them."""
    same = total = 0
    for name in yours.keys() | version.keys():
        ours, theirs = words(yours.get(name, b"")), words(version.get(name, b""))
        same += sum((ours & theirs).values())
        total += max(sum(ours.values()), sum(theirs.values()))
    return same / max(total, 1)


def words(text: bytes) -> Counter[bytes]:
    return Counter(re.findall(rb"\w+", text))


def news(files: Files, *, since: str) -> Iterator[str]:
    """The entries of the CHANGELOG for versions after that one."""
    for section in re.split(r"^## ", files.get("CHANGELOG.md", b"").decode(), flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        if as_numbers(heading.split()[0]) > as_numbers(since):
            yield from re.findall(r"^\* .*(?:\n  .*)*", body, re.MULTILINE)


def security_since(version: str) -> list[str]:
    changelog = CHECKOUT / APP / "CHANGELOG.md"
    present = {changelog.name: changelog.read_bytes()} if changelog.exists() else {}
    return [entry for entry in news(present, since=version) if entry.lower().startswith("* security")]


def as_numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


if __name__ == "__main__":
    sys.exit(main())

"""
The German of the site (locale/) and of apps/tokens (its own locale/, which goes where the app goes).

    python scripts/messages.py           # new words of the code into the .po files, and those into .mo files
    python scripts/messages.py --check   # nothing is written; exit status 1 if a word has no German, or is not compiled

It needs gettext: `apt-get install gettext`, or `brew install gettext`.
"""

import gettext
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ["de"]
# Folders with a locale/ of their own, and what in them belongs to another one or is not for visitors.
FOLDERS = {"apps/tokens": ["tests"], ".": ["apps/tokens", "tests", "bench", "staticfiles"]}


def main() -> int:
    if shutil.which("msgmerge") is None:
        print(__doc__, file=sys.stderr)
        return 1
    if sys.argv[1:] != ["--check"]:
        write(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as copy:
        copy_files(Path(copy))
        write(Path(copy))
        faults = [fault for po in catalogs() for fault in find_faults(po, Path(copy))]
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


def catalogs() -> Iterator[Path]:
    for folder in FOLDERS:
        for language in LANGUAGES:
            yield Path(folder, "locale", language, "LC_MESSAGES", "django.po")


def copy_files(to: Path) -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)


def write(root: Path) -> None:
    locales = [f"--locale={language}" for language in LANGUAGES]
    for folder, others in FOLDERS.items():
        ignored = [f"--ignore={other}/*" for other in others]
        run("makemessages", *locales, "--no-location", "--no-wrap", "--no-obsolete", *ignored, cwd=root / folder)
        run("compilemessages", *locales, *ignored, cwd=root / folder)
    for po in catalogs():
        # The time would make a change out of nothing.
        text = re.sub(r'"POT-Creation-Date: .*\n', "", (root / po).read_text(encoding="utf-8"))
        (root / po).write_text(text, encoding="utf-8")


def run(*command: str, cwd: Path) -> None:
    # As in a folder of its own: with the project's settings Django would look into every app.
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = (sys.executable, "-m", "django", *command)
    subprocess.run(command, cwd=cwd, env=environ, check=True, stdout=subprocess.DEVNULL)


def find_faults(po: Path, copy: Path) -> list[str]:
    faults = []
    for which, fault in [("--untranslated", "is not translated"), ("--only-fuzzy", "is translated by a guess only")]:
        command = ["msgattrib", which, "--no-obsolete", "--no-wrap", str(copy / po)]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        faults += [f"{po}: {words} {fault}" for words in re.findall(r'^msgid (".+")$', found, re.MULTILINE)]
    if compiled(ROOT / po) != compiled(copy / po):
        faults.append(f"{po}: differs from the code; run `make messages`, and commit what it writes")
    return faults


def compiled(po: Path) -> dict[str, str]:
    if not po.with_suffix(".mo").exists():
        return {}
    with po.with_suffix(".mo").open("rb") as file:
        catalog: dict[str, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {words: translation for words, translation in catalog.items() if words}


if __name__ == "__main__":
    sys.exit(main())

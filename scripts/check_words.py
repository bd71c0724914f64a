"""
Words that this project does not use, in everything a person reads: pages, emails, documents, docstrings, comments.

python scripts/check_words.py      # prints each place; the exit code is 1 if there is one

A word of your own goes into WORDS, with what to write instead. A line that must keep one ends with "words: keep".
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("apps", "bench", "config", "deploy", "docs", "scripts", "templates")
FILES = ("README.md", "CHANGELOG.md", ".env.example", "Makefile")
SUFFIXES = (".py", ".md", ".html", ".txt", ".service", ".timer", ".conf", "")
# Remove a line when its folder is clean.
NOT_YET = ("apps/accounts/", "templates/accounts/", "apps/tokens/", "templates/tokens/", "apps/site/")

WORDS = {
    r"\bmails\b": "emails",
    r"\b(a|the|this|each|every|one|no|next|last|same|whole) mail\b(?! (server|program|provider|scanner))": "email",
    r"\be-mail": "email",
    r"\b[Mm]ail(ed|s|ing)? (me|you|them) ": "send",
    r"(?<![Tt]here )\bis no (?!longer|more|such|conflict|limit)[a-z]+": "is not a",
    r"\{name\} may be": "must be",
    r"; how many": "Returns the number of",
    r"(?i:\bwhoever) (has|is|wants|likes|comes|needs|asks|looks|gets|knows|presses|left|leaves|reads)\b": "anybody who",
    # At the head of a sentence that is not a question.
    r"(?:^|[.:;] |# |\"\"\"|\| )Who (?:has|left|comes|likes|wants|is|gets|needs|came)\b(?!.*\?)": "somebody who",
    r"\bas (one likes|often as one|many as like)\b": "any number of",
    r"\bone (likes|wants|needs|can see)\b": "you",
    r"\bEmpty: ": "Leave empty",
    r"\bover and done\b": "over",
    r"\bjunk mail\b": "spam folder",
    r"\bunsubscription\b": "unsubscribe",
    r"\b(colour|behaviour|licence|favour|centre|organis|recognis|honour)": "the American spelling",
}
PATTERN = re.compile("|".join(f"(?P<w{number}>{word})" for number, word in enumerate(WORDS)))
INSTEAD = list(WORDS.values())


def main() -> int:
    places = [place for path in paths() for place in search(path)]
    for place in places:
        print(place)
    return 1 if places else 0


def paths() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES]
    named = [ROOT / name for name in FILES]
    return [path for path in [*named, *found] if path.is_file() and is_ours(path)]


def is_ours(path: Path) -> bool:
    name = path.relative_to(ROOT).as_posix()
    return not name.startswith(NOT_YET) and "/migrations/" not in name and name != "scripts/check_words.py"


def search(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    name = path.relative_to(ROOT).as_posix()
    return [
        f'{name}:{number}: "{match[0]}": {INSTEAD[int(match.lastgroup[1:])]}'
        for number, line in enumerate(lines, 1)
        if not line.endswith("words: keep")
        for match in PATTERN.finditer(line)
        if match.lastgroup
    ]


if __name__ == "__main__":
    sys.exit(main())

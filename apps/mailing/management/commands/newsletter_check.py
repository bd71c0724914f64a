from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.mailing.inspection import NoMessageError, ReceivedMessage, inspect

LARGEST_FILE = 50 * 1024 * 1024
UNREADABLE = 2


class Command(BaseCommand):
    help = (
        "Read an email as it was received and print each requirement of a newsletter with pass or FAIL. The exit code "
        "is 0 if all are met, 1 if not, 2 if the file is not an email. Signatures are looked at, not verified."
    )
    # Works where there is no database yet.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.eml", help="the source of the email, as email programs save it")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        try:
            results = inspect(ReceivedMessage(_read(file)))
        except NoMessageError as error:
            raise CommandError(
                f"{file} is not an email: {error}. Save the source of one (“Save as”, “Show original”).",
                returncode=UNREADABLE,
            ) from None
        for requirement, problem in results:
            verdict = self.style.ERROR("FAIL") if problem else self.style.SUCCESS("pass")
            self.stdout.write(f"{verdict}  {requirement}{f': {problem}' if problem else ''}")
        failed = sum(bool(problem) for _requirement, problem in results)
        if failed:
            raise CommandError(f"{failed} of {len(results)} requirements are not met.")
        self.stdout.write(f"All {len(results)} requirements are met. The signature itself was not verified.")


def _read(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            raw = opened.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"Cannot read {file}: {reason}", returncode=UNREADABLE) from None
    if len(raw) > LARGEST_FILE:
        raise CommandError(f"{file} is larger than {LARGEST_FILE >> 20} MB.", returncode=UNREADABLE)
    return raw

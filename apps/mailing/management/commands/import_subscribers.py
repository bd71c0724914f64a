from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.mailing.importing import ImportRefusedError, import_addresses


class Command(BaseCommand):
    help = (
        "Subscribe the addresses in a file, one a line (UTF-8), without asking them: only people who agreed elsewhere. "
        "Addresses that have unsubscribed here are left out, even if the account has been erased since."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="one address a line; lines that begin with # are comments")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        try:
            with open(file, encoding="utf-8-sig") as lines:
                report = import_addresses(lines)
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise CommandError(f"{file} is not text in UTF-8. Save it as such and import it again.") from None
        except ImportRefusedError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{report.added} added, {report.known} known already, {report.suppressed} have unsubscribed, "
            f"{report.invalid} are not addresses."
        )

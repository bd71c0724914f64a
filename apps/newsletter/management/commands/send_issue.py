from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.newsletter.models import Issue
from apps.newsletter.sending import SendingError, send_issue


class Command(BaseCommand):
    help = "Mails an issue to every active reader and publishes it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the last part of the issue's address")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        try:
            accepted = send_issue(Issue.objects.get(slug=slug))
        except Issue.DoesNotExist:
            waiting = ", ".join(Issue.objects.filter(status="draft").values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no issue “{slug}”. Drafts: {waiting}") from None
        except SendingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(f"{slug} was sent to {accepted} readers."))

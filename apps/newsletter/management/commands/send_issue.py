from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.newsletter.models import Issue
from apps.newsletter.sending import SendingError, send_issue
from apps.newsletter.sending.progress import Progress
from apps.newsletter.sending.signals import stop_on_signals


class Command(BaseCommand):
    help = "Publishes an issue and mails it to every active reader. Stop it with Ctrl-C; start it again and it goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the last part of the issue's address")
        parser.add_argument("--resume", action="store_true", help="go on with an issue that is paused")

    def handle(self, *args: Any, slug: str, resume: bool, **options: Any) -> None:
        issue = self._find(slug)
        if resume:
            Issue.objects.filter(pk=issue.pk).resume()
            issue.refresh_from_db()
        progress = Progress(issue, self.stdout)
        try:
            with stop_on_signals() as stop:
                accepted = send_issue(issue, stop=stop, report=progress.show)
        except SendingError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.close()
        self.stdout.write(self._sum_up(issue, accepted))

    def _find(self, slug: str) -> Issue:
        try:
            return Issue.objects.get(slug=slug)
        except Issue.DoesNotExist:
            waiting = ", ".join(Issue.objects.filter(status="draft").values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no issue “{slug}”. Drafts: {waiting}") from None

    def _sum_up(self, issue: Issue, accepted: int) -> str:
        counts = issue.deliveries.counts()
        found = ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "no readers"
        if issue.status == Issue.Status.SENT:
            return self.style.SUCCESS(f"{issue.slug} is sent: {found}.")
        return f"{issue.slug} is {issue.status}: {found}. {accepted} mails went out just now; start again to go on."

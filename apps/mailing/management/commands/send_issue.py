from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.mailing.models import Dispatch
from apps.mailing.sending import SendingError, send
from apps.mailing.sending.progress import Progress
from apps.mailing.sending.signals import stop_on_signals
from apps.newsletter.models import Issue


class Command(BaseCommand):
    help = "Publishes an issue and sends it to every active reader. Stop it with Ctrl-C; start it again and it goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the last part of the issue's address")
        parser.add_argument("--resume", action="store_true", help="go on with an issue that is paused")

    def handle(self, *args: Any, slug: str, resume: bool, **options: Any) -> None:
        issue = _find(slug)
        Dispatch.objects.schedule(issue, timezone.now())
        if resume:
            Dispatch.objects.filter(issue=issue).resume()
        dispatch = Dispatch.objects.select_related("issue").get(issue=issue)
        progress = Progress(dispatch, self.stdout)
        try:
            with stop_on_signals() as stop:
                accepted = send(dispatch, stop=stop, report=progress.show)
        except SendingError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.close()
        self.stdout.write(self._sum_up(dispatch, accepted))

    def _sum_up(self, dispatch: Dispatch, accepted: int) -> str:
        slug, counts = dispatch.issue.slug, dispatch.deliveries.counts()
        found = ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "no readers"
        if dispatch.status == Dispatch.Status.SENT:
            return self.style.SUCCESS(f"{slug} is sent: {found}.")
        return f"{slug} is {dispatch.status}: {found}. Emails sent just now: {accepted}. Start again to go on."


def _find(slug: str) -> Issue:
    try:
        return Issue.objects.get(slug=slug)
    except Issue.DoesNotExist:
        drafts = Issue.objects.filter(published_at=None).values_list("slug", flat=True)
        raise CommandError(f"There is no issue “{slug}”. Drafts: {', '.join(drafts) or 'none'}") from None

from typing import Any

from django.core.management.base import BaseCommand

from apps.newsletter.models import Delivery, Issue
from apps.newsletter.sending import start
from apps.newsletter.tasks import send_issue


class Command(BaseCommand):
    help = "Starts what is scheduled for now and takes up what a killed worker left. Let cron run it every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        for issue in Issue.objects.due():
            start(issue)
        for issue in Issue.objects.filter(status__in=[Issue.Status.SENDING, Issue.Status.CANCELLED]):
            issue.deliveries.recover()
            if issue.status == Issue.Status.CANCELLED:
                issue.deliveries.skip_waiting("cancelled")
            elif not Issue.objects.filter(pk=issue.pk).finish() and self._is_left_alone(issue):
                send_issue.enqueue(issue.pk)
                self._tell(issue)

    def _tell(self, issue: Issue) -> None:
        issue.refresh_from_db()
        if issue.status == Issue.Status.PAUSED:
            self.stderr.write(f"{issue.slug} is paused: {issue.pause_reason}")
        else:
            self.stdout.write(f"{issue.slug} is {issue.status}.")

    def _is_left_alone(self, issue: Issue) -> bool:
        # Where somebody is at it, a task a minute would fill the queue.
        is_claimed = issue.deliveries.filter(status=Delivery.Status.CLAIMED).exists()
        return issue.deliveries.has_due() and not is_claimed

from typing import Any

from django.core.management.base import BaseCommand

from apps.mailing.models import Dispatch
from apps.mailing.sending import start
from apps.mailing.tasks import call_workers


class Command(BaseCommand):
    help = "Starts what is scheduled for now and takes up what a killed worker left. Let cron run it every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        for dispatch in Dispatch.objects.due():
            start(dispatch)
        running = Dispatch.objects.filter(status__in=[Dispatch.Status.SENDING, Dispatch.Status.CANCELLED])
        for dispatch in running.select_related("issue"):
            dispatch.deliveries.recover()
            if dispatch.status == Dispatch.Status.CANCELLED:
                dispatch.deliveries.skip_waiting("cancelled")
            elif not Dispatch.objects.filter(pk=dispatch.pk).finish() and dispatch.deliveries.has_due():
                self._call_workers(dispatch)

    def _call_workers(self, dispatch: Dispatch) -> None:
        if not call_workers(dispatch):
            return
        dispatch.refresh_from_db()
        if dispatch.status == Dispatch.Status.PAUSED:
            self.stderr.write(f"{dispatch.issue.slug} is paused: {dispatch.pause_reason}")
        else:
            self.stdout.write(f"{dispatch.issue.slug} is {dispatch.status}.")

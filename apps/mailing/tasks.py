"""Work for the queue that TASKS names. Arguments are ids: a queue is read by many, so no token and no link goes in."""

from typing import TYPE_CHECKING

import django
from django.conf import settings

from apps.mailing import sending
from apps.mailing.models import Dispatch
from apps.mailing.sending.signals import stop_on_signals

# The type checker reads the first; the second has the same interface.
if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import task
else:
    from django_tasks import task


@task
def send_dispatch(dispatch_id: int) -> int:
    """
    Sends the dispatch, from wherever it stands to its end. Returns the number of emails accepted here.

    One loop, and no task that enqueues the next: under the immediate backend such a chain runs into Python's limit
    of recursion. Enqueued twice, two workers share the emails, and one that comes too late finds nothing to do.
    """
    Dispatch.objects.filter(pk=dispatch_id).answer_call()
    dispatch = Dispatch.objects.filter(pk=dispatch_id).select_related("issue").first()
    if dispatch is None or dispatch.status not in (Dispatch.Status.SCHEDULED, Dispatch.Status.SENDING):
        return 0
    with stop_on_signals() as stop:
        return sending.send(dispatch, stop=stop)


def call_workers(dispatch: Dispatch) -> int:
    """
    Enqueues a task for each of the NEWSLETTER_WORKERS that is missing. Returns the number of new tasks.

    A worker that is at it counts, and so does a task that still waits for one: called every minute while no worker is
    alive, this does not fill the queue.
    """
    # Without a queue the caller is the worker, and does not come back before the end.
    workers = 1 if settings.TASKS_BACKEND == "immediate" else settings.NEWSLETTER_WORKERS
    missing = Dispatch.objects.filter(pk=dispatch.pk).call(workers - dispatch.deliveries.count_workers())
    for _ in range(missing):
        send_dispatch.enqueue(dispatch.pk)
    return missing

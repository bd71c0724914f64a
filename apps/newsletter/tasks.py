"""Work for the queue that TASKS names. Arguments are ids: a queue is read by many, so no token and no link goes in."""

from typing import TYPE_CHECKING

import django

from apps.newsletter import sending
from apps.newsletter.models import Issue
from apps.newsletter.sending.signals import stop_on_signals

# The type checker reads the first; the second has the same interface.
if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import task
else:
    from django_tasks import task


@task
def send_issue(issue_id: int) -> int:
    """
    Sends the issue, from wherever it stands to its end; how many mails were accepted here.

    One loop, and no task that enqueues the next: under the immediate backend such a chain runs into Python's limit
    of recursion. Enqueued twice, two workers share the mails, and one that comes too late finds nothing to do.
    """
    issue = Issue.objects.get(pk=issue_id)
    if issue.status in (Issue.Status.PAUSED, Issue.Status.SENT, Issue.Status.CANCELLED):
        return 0
    with stop_on_signals() as stop:
        return sending.send_issue(issue, stop=stop)

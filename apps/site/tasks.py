"""
Emails as work for the queue that TASKS names. Arguments are ids and addresses: a queue is read by many, so no token
and no link goes in.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import django
from django.utils import timezone

from apps.site.emails import MailNotSentError, deliver
from apps.tokens.mail import LinkEmail

# The type checker reads the first; the second has the same interface.
if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import task
    from django.tasks.base import Task, TaskResult, TaskResultStatus
else:
    from django_tasks import task
    from django_tasks.base import Task, TaskResult, TaskResultStatus

__all__ = ["deliver_or_retry", "has_failed", "task"]

logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=30)


def has_failed(result: "TaskResult[Any, Any]") -> bool:
    """True if the task ran at once and failed: the immediate backend keeps its exception to itself."""
    return result.status == TaskResultStatus.FAILED


def deliver_or_retry(this: "Task[..., Any]", *args: Any, email: LinkEmail, until: datetime) -> None:
    """Sends the email; if the mail server does not take it, enqueues ``this`` task again, as long as the link lives."""
    try:
        deliver(email)
    except MailNotSentError:
        again = timezone.now() + RETRY_AFTER
        if not this.get_backend().supports_defer:  # the visitor waits, and is told
            raise
        if again >= until:
            logger.error("email given up task=%s", this.name)
            raise
        this.using(run_after=again).enqueue(*args)

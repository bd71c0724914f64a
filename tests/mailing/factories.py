import factory
from django.utils import timezone

from apps.mailing.models import Dispatch
from tests.newsletter.factories import IssueFactory


def now_unless(*statuses):
    return factory.LazyAttribute(lambda dispatch: None if dispatch.status in statuses else timezone.now())


class DispatchFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Dispatch

    issue = factory.SubFactory(IssueFactory)
    status = Dispatch.Status.SCHEDULED
    started_at = now_unless("scheduled")
    sending_since = now_unless("scheduled")
    finished_at = now_unless("scheduled", "sending", "paused")

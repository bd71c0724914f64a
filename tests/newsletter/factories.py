import factory
from django.utils import timezone

from apps.newsletter.models import Issue, Subscription
from tests.factories import UserFactory


class IssueFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Issue

    title = factory.Sequence(lambda n: f"Issue {n}")
    slug = factory.Sequence(lambda n: f"issue-{n}")
    summary = "What this one is about."
    body = "First paragraph.\n\nSecond paragraph."


class PublishedIssueFactory(IssueFactory):
    published_at = factory.LazyFunction(timezone.now)


class SubscriptionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Subscription

    user = factory.SubFactory(UserFactory)

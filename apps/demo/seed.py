"""The people and issues of the demo, made by the services that the site itself uses; what is there already stays."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.demo.issues import ISSUES, DemoIssue
from apps.newsletter import services
from apps.newsletter.models import Issue, Subscription

READER = "reader@example.com"
MEMBER = "member@example.com"
EDITOR = "editor@example.com"
NEWCOMER = "newcomer@example.com"

PEOPLE: dict[str, dict[str, Any]] = {
    READER: {"name": "Reader"},
    MEMBER: {"name": "Member"},
    EDITOR: {"name": "Editor", "is_staff": True, "is_superuser": True},
}


@transaction.atomic
def seed() -> None:
    """Everything the demo has to show. Once more changes nothing."""
    for email in PEOPLE:
        user = person(email)
        if not Subscription.objects.filter(user=user).exists():
            services.subscribe(email)
    for text in ISSUES:
        _publish(text)


def person(email: str) -> User:
    """One of ``PEOPLE``, made if somebody has deleted the account."""
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_user(email, **PEOPLE[email])


def subscribed(email: str) -> Subscription:
    """The subscription of one of ``PEOPLE``, begun again if it has ended."""
    services.subscribe(person(email).email)
    return Subscription.objects.select_related("user", "unsubscribe_token").get(user__email=email)


def forget(email: str) -> None:
    """For a newcomer who is new each time."""
    User.objects.filter(email=email).delete()


def draft() -> Issue:
    """The demo's draft, or a copy if somebody has published it."""
    [text] = [issue for issue in ISSUES if issue.days_ago is None]
    found = Issue.objects.filter(slug__startswith=text.slug, published_at=None).first()
    if found is not None:
        return found
    taken = Issue.objects.filter(slug__startswith=text.slug).count()
    return _publish(text._replace(slug=f"{text.slug}-{taken + 1}" if taken else text.slug))


def _publish(text: DemoIssue) -> Issue:
    published_at = None if text.days_ago is None else timezone.now() - timedelta(days=text.days_ago)
    issue, _created = Issue.objects.get_or_create(
        slug=text.slug,
        defaults={
            "title": text.title,
            "summary": text.summary,
            "body": _unwrapped(text.body),
            "published_at": published_at,
        },
    )
    return issue


def _unwrapped(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))

"""
The people, readers and issues of the demo, made by the services that the site itself uses.

What is there already stays as it is.
"""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.demo.issues import ISSUES, DemoIssue
from apps.newsletter import referrals, services
from apps.newsletter.models import Invitation, Issue, Subscription
from apps.tokens.models import RequestToken

READER = "reader@example.com"
MEMBER = "member@example.com"
EDITOR = "editor@example.com"
NEWCOMER = "newcomer@example.com"

PEOPLE: dict[str, dict[str, Any]] = {
    READER: {"name": "Reader"},
    MEMBER: {"name": "Member"},
    EDITOR: {"name": "Editor", "is_staff": True, "is_superuser": True},
}

# Few enough for the desk to send an issue while somebody waits for the page.
READERS = [f"reader{number}@example.com" for number in range(2, 22)]
STRUCTURE = ("#", ">", "- ", "1. ", "```", "---")
CLICKS, SIGNUPS, CONFIRMED = 43, 14, 9


@transaction.atomic
def seed() -> None:
    """Everything the demo has to show. Once more changes nothing."""
    for email in PEOPLE:
        user = person(email)
        if not Subscription.objects.filter(user=user).exists():
            services.subscribe(email)
    _bring_readers(person(MEMBER))
    issues = [_publish(text) for text in ISSUES]
    if apps.is_installed("apps.mailing"):
        # Here, as a project can do without it.
        from apps.demo import dispatches

        for issue in issues:
            dispatches.send_in_the_past(issue)


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


def _bring_readers(member: User) -> None:
    """The readers besides ``PEOPLE``, some of them by Member's invitation, and the clicks that led to nobody."""
    if Invitation.objects.filter(member=member).exists():
        return
    token = referrals.invite(member, name=member.name)
    invitation = Invitation.objects.select_related("member").get(member=member)
    # Each click is a use of the link, as it is in ``referrals.count``.
    Invitation.objects.filter(pk=invitation.pk).update(clicks=CLICKS)
    RequestToken.objects.filter(pk=token.pk).update(used_to_date=CLICKS, last_used_at=timezone.now())
    for number, email in enumerate(READERS):
        if number < SIGNUPS:
            referrals.count_signup(invitation, email)
        services.subscribe(email, referrer=member if number < CONFIRMED else None)
    # They have been here since before the first issue.
    everybody = Subscription.objects.filter(user__email__in=[*PEOPLE, *READERS])
    everybody.update(confirmed_at=timezone.now() - timedelta(days=50))


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
    """Each paragraph on one line, as somebody types it; lists, quotations and code as they stand."""
    blocks = text.strip().split("\n\n")
    return "\n\n".join(block if block.startswith(STRUCTURE) else " ".join(block.split()) for block in blocks)

from django import template
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from apps.newsletter.models import Issue, IssueQuerySet, Subscription
from apps.site.markdown import reading_minutes, render

register = template.Library()
register.filter("markdown", render)
register.filter("reading_minutes", reading_minutes)


@register.filter
def masked(address: object) -> str:
    """r•••@example.com: enough for its owner, and nothing for somebody who looks over their shoulder."""
    local, at, domain = str(address or "").rpartition("@")
    return f"{local[:1]}•••@{domain}" if at else "•••"


@register.filter
def is_subscribed(user: AbstractBaseUser | AnonymousUser) -> bool:
    return user.is_authenticated and Subscription.objects.active().filter(user=user.pk).exists()


@register.simple_tag
def latest_issues(count: int) -> IssueQuerySet:
    return Issue.objects.published()[:count]

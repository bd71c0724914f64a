from django import template
from django.utils.safestring import SafeString

from apps.newsletter.markdown import render
from apps.newsletter.models import Issue, IssueQuerySet

register = template.Library()


@register.filter
def masked(address: object) -> str:
    """r•••@example.com: enough for its owner, and nothing for somebody who looks over their shoulder."""
    local, at, domain = str(address or "").rpartition("@")
    return f"{local[:1]}•••@{domain}" if at else "•••"


@register.filter
def markdown(text: str) -> SafeString:
    """The filter for the text of an issue."""
    return render(text)


@register.simple_tag
def latest_issues(count: int) -> IssueQuerySet:
    """The published issues, newest first."""
    return Issue.objects.published()[:count]

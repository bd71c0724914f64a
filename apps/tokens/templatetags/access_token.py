"""Load as ``access_token``: ask what the visitor may do, and make links that let others do it."""

from datetime import timedelta
from typing import Any

from django import template
from django.db.models import Model

from ..access import scope
from ..access.decorators import access_url as make_access_url

register = template.Library()


@register.simple_tag(takes_context=True)
def can(context: template.Context, permission: str, obj: Any = None) -> bool:
    """True if the visitor has the permission: ``can "newsletter.preview_issue" issue as may_preview``."""
    request = getattr(context, "request", None) or context.get("request")
    user = getattr(request, "user", None)
    return user is not None and user.has_perm(permission, obj)


@register.simple_tag
def access_url(url: Any, obj: Model, *permissions: str, hours: float | None = None, state: str | None = None) -> str:
    """The URL with a token for this object: ``access_url url issue "newsletter.preview_issue" hours=24``."""
    lifetime = None if hours is None else timedelta(hours=hours)
    return make_access_url(str(url), scope.access_obj(obj, *permissions), expires_in=lifetime, state=state)

"""Who can open the editors' desk."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from apps.site.http import UserRequest

View = Callable[..., HttpResponse]


CHANGE = "newsletter.change_issue"
SEND = "mailing.send_issue"


def staff_only(*permissions: str) -> Callable[[View], View]:
    """For staff with these permissions, by default to change issues; other members get a 403, visitors sign in."""

    def decorator(view: View) -> View:
        @login_required
        @permission_required(permissions or CHANGE, raise_exception=True)
        @never_cache
        @wraps(view)
        def wrapper(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_staff:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wrapper

    return decorator


def acts_on_post(view: View) -> View:
    """A GET, as after signing in again, goes to the page with the buttons."""

    @wraps(view)
    def wrapper(request: HttpRequest, slug: str) -> HttpResponse:
        if request.method != "POST":
            return redirect("mailing:issue", slug)
        return view(request, slug)

    return wrapper

"""
A fresh sign-in, for what a session that was left open must not do: ``@fresh_sign_in_required`` over the view.

Who signed in longer ago is sent a link that leads back.
"""

from collections.abc import Callable
from functools import wraps
from time import time
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts import asking
from apps.site.emails import MailNotSentError
from apps.site.http import UserRequest
from apps.site.limits import refuse_flood
from apps.site.redirects import safe_path

FRESH_FOR_SECONDS = 10 * 60
SIGNED_IN_AT = "signed_in_at"


def fresh_sign_in_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A decorator for views that need a sign-in of the last ten minutes, by this browser."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Threat: a session found open. It may read, not take the account over.
        age = time() - request.session.get(SIGNED_IN_AT, 0)
        if 0 <= age < FRESH_FOR_SECONDS:
            return view(request, *args, **kwargs)
        return redirect(f"{reverse('accounts:fresh')}?{urlencode({'next': request.get_full_path()})}")

    return login_required(wrapper)


def note_sign_in(request: HttpRequest) -> None:
    request.session[SIGNED_IN_AT] = int(time())


# Not atomic: the task must find what is committed.
@transaction.non_atomic_requests
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_again(request: UserRequest) -> HttpResponse:
    """A page with one button, which has a link sent to the address on record."""
    next_path = safe_path(request.POST.get("next") or request.GET.get("next", ""))
    context = {"next": next_path, "is_not_sent": False}
    if request.method != "POST":
        return render(request, "accounts/fresh.html", context)
    refusal = refuse_flood(request)
    if refusal is not None:
        return refusal
    try:
        return asking.ask(request, request.user.email, next_path=next_path)
    except MailNotSentError:
        return render(request, "accounts/fresh.html", {**context, "is_not_sent": True}, status=503)

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.newsletter import scopes, services
from apps.newsletter.forms import LeavingReasonForm
from apps.site.http import UserTokenRequest
from apps.tokens.decorators import TokenRequest, use_request_token


# RFC 8058: a mailbox provider posts here without cookie, CSRF token or Referer; the token in the query is
# the proof. It may send any body or a broken one, so nothing here may touch request.POST or request.body.
@csrf_exempt
@login_not_required
@use_request_token(scope=scopes.UNSUBSCRIBE, required=True, confirm="newsletter/unsubscribe.html")
@require_POST
def unsubscribe(request: UserTokenRequest) -> HttpResponse:
    """Ends the subscription of the token's user, who is ``request.user`` for this request only."""
    outcome = services.unsubscribe(request.user)
    context = {"outcome": outcome.value, "form": LeavingReasonForm(), **_links(request)}
    return render(request, "newsletter/unsubscribed.html", context)


@login_not_required
@use_request_token(scope=scopes.UNSUBSCRIBE, required=True)
@require_POST
def resubscribe(request: UserTokenRequest) -> HttpResponse:
    """The undo on the page after unsubscribing; unlike it, under CSRF protection."""
    outcome = services.undo_unsubscribe(request.user)
    return render(request, "newsletter/resubscribed.html", {"outcome": outcome.value})


@login_not_required
@use_request_token(scope=scopes.UNSUBSCRIBE, required=True)
@require_POST
def leaving_reason(request: UserTokenRequest) -> HttpResponse:
    """The reason, from those who like to give one. Asked afterwards, so that nothing stands before leaving."""
    form = LeavingReasonForm(request.POST)
    if not form.is_valid():
        return render(request, "newsletter/leaving_reason.html", {"form": form, **_links(request)})
    services.keep_leaving_reason(request.user, **form.cleaned_data)
    return render(request, "newsletter/leaving_reason.html", {"form": None, **_links(request)})


def _links(request: TokenRequest) -> dict[str, Any]:
    return {
        "undo_url": request.token.tokenise(reverse("newsletter:resubscribe")),
        "reason_url": request.token.tokenise(reverse("newsletter:leaving_reason")),
    }

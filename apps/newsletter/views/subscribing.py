from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.newsletter import confirmations, first_touch, payloads, referrals, scopes, services
from apps.newsletter.forms import SubscribeForm
from apps.newsletter.models import Invitation
from apps.site.emails import MailNotSentError
from apps.site.limits import allow_email, give_back_email, refuse_flood
from apps.tokens.decorators import TokenRequest, use_request_token
from apps.tokens.models import RequestToken


# Not atomic, also under ATOMIC_REQUESTS: the mail goes out on commit and its failure is answered here.
@transaction.non_atomic_requests
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@use_request_token(scope=scopes.SUBSCRIBE)
def subscribe(request: HttpRequest) -> HttpResponse:
    """The subscribe page. The payload of a member's link greets; who invited first is kept in a cookie."""
    if request.method == "POST":
        return _ask(request)
    invitation = _followed(request)
    first = first_touch.read(request)
    response = render(request, "newsletter/subscribe.html", _context(request, SubscribeForm(), invitation or first))
    if invitation is not None:
        _count_visit(request, response, invitation, is_first=first is None)
    return response


@login_not_required
@require_http_methods(["GET", "HEAD"])
def subscribe_done(request: HttpRequest) -> HttpResponse:
    """The same page for every address, so that nobody learns from it who reads us."""
    context = {"hours": confirmations.CONFIRM_WITHIN_HOURS, "debug": settings.DEBUG}
    return render(request, "newsletter/subscribe_done.html", context)


@login_not_required
@use_request_token(scope=scopes.CONFIRM, required=True, confirm="newsletter/confirm.html")
@require_POST
def confirm(request: TokenRequest) -> HttpResponse:
    """The second half of the double opt-in; the page with the button is shown by the middleware."""
    email = payloads.confirmed_email(request.token.data)
    if not email:
        return render(request, "newsletter/confirm_broken.html", status=400)
    outcome = services.subscribe(email, referrer=payloads.referrer(request.token.data))
    response = render(request, "newsletter/confirmed.html", {"outcome": outcome.value, "email": email})
    first_touch.forget(request, response)
    return response


def _ask(request: HttpRequest) -> HttpResponse:
    invitation = first_touch.read(request) or _followed(request)
    # A form is not a visit; that was counted when the page was opened.
    _release_use(request)
    refusal = refuse_flood(request)
    if refusal is not None:
        return refusal
    form = SubscribeForm(request.POST)
    if not form.is_valid():
        return render(request, "newsletter/subscribe.html", _context(request, form, invitation))
    email = form.cleaned_data["email"]
    # Threat: an answer that tells how often somebody else has typed this address.
    if not allow_email(email):
        return redirect("newsletter:subscribe_done")
    try:
        confirmations.request_confirmation(email, invitation=None if _is_own(request, invitation) else invitation)
    except MailNotSentError:
        give_back_email(request, email)
        form.add_error(None, _("We could not send the mail just now. Please try again in a few minutes."))
        return render(request, "newsletter/subscribe.html", _context(request, form, invitation), status=503)
    return redirect("newsletter:subscribe_done")


def _followed(request: HttpRequest) -> Invitation | None:
    """The invitation whose link led to this very request."""
    token = _token(request)
    return None if token is None else referrals.find_invitation(token.data)


def _release_use(request: HttpRequest) -> None:
    token = _token(request)
    if token is not None:
        token.release()


def _token(request: HttpRequest) -> RequestToken | None:
    return getattr(request, "token", None)


def _is_own(request: HttpRequest, invitation: Invitation | None) -> bool:
    return invitation is not None and invitation.member_id == request.user.pk


def _context(request: HttpRequest, form: SubscribeForm, invitation: Invitation | None) -> dict[str, Any]:
    token = _token(request) or (invitation.token if invitation else None)
    is_full = invitation is not None and invitation.is_full
    return {
        "form": form,
        "inviter": payloads.inviter_name(token.data) if token and not is_full else "",
        "is_own": _is_own(request, invitation),
        "is_full": is_full,
    }


def _count_visit(request: HttpRequest, response: HttpResponse, invitation: Invitation, *, is_first: bool) -> None:
    if _is_own(request, invitation):
        _release_use(request)
        return
    referrals.count_click(invitation)
    if is_first and not invitation.is_full:
        first_touch.keep(response, invitation)

"""
Every view a link of this app opens, whole: the decorator says which token it takes, the body what the token does.

``services`` and ``referrals.invite`` make the tokens.
"""

from django.contrib.auth.decorators import login_not_required, login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.newsletter import payloads, referrals, scopes, services
from apps.newsletter.feeds import LatestIssues
from apps.newsletter.forms import InvitationForm, SubscribeForm
from apps.newsletter.models import Issue
from apps.site.emails import MailNotSentError, absolute_url
from apps.site.http import UserRequest, UserTokenRequest
from apps.site.limits import allow_email, give_back_email, refuse_flood
from apps.tokens.access.decorators import access_token_required
from apps.tokens.decorators import TokenRequest, use_request_token
from apps.tokens.models import RequestToken

ISSUES_PER_PAGE = 20


@login_not_required
@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    page = Paginator(Issue.objects.published(), ISSUES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "newsletter/archive.html", {"page": page})


@login_not_required
@require_safe
def issue(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "newsletter/issue.html", {"issue": get_object_or_404(Issue.objects.published(), slug=slug)})


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    return LatestIssues()(request)


# Not atomic, also under ATOMIC_REQUESTS: the task that sends the email must find what is committed.
@transaction.non_atomic_requests
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@use_request_token(scope=scopes.SUBSCRIBE)
def subscribe(request: HttpRequest) -> HttpResponse:
    """The subscribe page. The payload of a member's link says who invites; without a link it greets nobody."""
    token: RequestToken | None = getattr(request, "token", None)
    visit = referrals.visit(request, token)
    form, status = SubscribeForm(request.POST if request.method == "POST" else None), 200
    refusal = refuse_flood(request) if request.method == "POST" else None
    if refusal is not None:
        return refusal
    if form.is_valid():
        email = form.cleaned_data["email"]
        # Threat: an answer that tells how often somebody else has typed this address.
        if not allow_email(email):
            return redirect("newsletter:subscribe_done")
        try:
            services.request_confirmation(email, invitation=visit.credited)
            return redirect("newsletter:subscribe_done")
        except MailNotSentError:
            give_back_email(request, email)
            form.add_error(None, _("We could not send the email just now. Please try again in a few minutes."))
            status = 503
    response = render(request, "newsletter/subscribe.html", {"form": form, "visit": visit}, status=status)
    referrals.count(visit, request, response)
    return response


@login_not_required
@require_safe
def subscribe_done(request: HttpRequest) -> HttpResponse:
    """The same page for every address, so that nobody learns from it who our readers are."""
    return render(request, "newsletter/subscribe_done.html", {"hours": services.CONFIRM_WITHIN_HOURS})


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
    referrals.forget(request, response)
    return response


# RFC 8058: a mailbox provider posts here without cookie, CSRF token or Referer; the token in the query is
# the proof. It may send any body or a broken one, so nothing here may touch request.POST or request.body.
@csrf_exempt
@login_not_required
@use_request_token(scope=scopes.UNSUBSCRIBE, required=True, confirm="newsletter/unsubscribe.html")
@require_POST
def unsubscribe(request: UserTokenRequest) -> HttpResponse:
    """Ends the subscription of the token's user, who is ``request.user`` for this request only."""
    outcome = services.unsubscribe(request.user)
    undo_url = request.token.tokenise(reverse("newsletter:resubscribe"))
    return render(request, "newsletter/unsubscribed.html", {"outcome": outcome.value, "undo_url": undo_url})


@login_not_required
@use_request_token(scope=scopes.UNSUBSCRIBE, required=True)
@require_POST
def resubscribe(request: UserTokenRequest) -> HttpResponse:
    """The undo on the page after unsubscribing; unlike it, under CSRF protection."""
    outcome = services.undo_unsubscribe(request.user)
    return render(request, "newsletter/resubscribed.html", {"outcome": outcome.value})


@login_not_required
@access_token_required(scopes.PREVIEW, obj=Issue, state=Issue.preview_state)
@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft, for anybody who has the link."""
    return render(request, "newsletter/preview.html", {"issue": get_object_or_404(Issue, slug=slug)})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: UserRequest) -> HttpResponse:
    """A member's own link and what became of it."""
    invitation = referrals.invitation_of(request.user)
    token = referrals.usable_token(invitation)
    form = InvitationForm(
        request.POST if request.method == "POST" else None,
        initial={
            "name": payloads.inviter_name(token.data) if token else request.user.get_short_name(),
            "quota": invitation.quota if invitation else None,
            "expires_on": timezone.localdate(token.expiration_time) if token and token.expiration_time else None,
        },
    )
    if form.is_valid():
        referrals.invite(request.user, **form.cleaned_data)
        return redirect("newsletter:invite")
    funnel = referrals.funnel(invitation) if invitation else []
    context = {
        "form": form,
        "invitation": invitation,
        "link": token.tokenise(absolute_url("newsletter:subscribe")) if token else "",
        "funnel": funnel,
        "largest": max((count for _label, count in funnel), default=0) or 1,
    }
    return render(request, "newsletter/invite.html", context)

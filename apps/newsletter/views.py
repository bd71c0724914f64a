from django.conf import settings
from django.contrib.auth.decorators import login_not_required, login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.newsletter import payloads, scopes, services
from apps.newsletter.emails import absolute_url
from apps.newsletter.forms import InvitationForm, SubscribeForm
from apps.newsletter.models import Invitation, Issue, Subscription
from apps.tokens.decorators import use_request_token
from apps.tokens.ratelimit import allow

ISSUES_PER_PAGE = 20
MAILS_PER_ADDRESS = 5
MAILS_PER_CLIENT = 20
LIMIT_SECONDS = 60 * 60


@login_not_required
@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    page = Paginator(Issue.objects.published(), ISSUES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "newsletter/archive.html", {"page": page})


@login_not_required
@require_safe
def issue(request: HttpRequest, slug: str) -> HttpResponse:
    published = get_object_or_404(Issue.objects.published(), slug=slug)
    return render(request, "newsletter/issue.html", {"issue": published})


# Not atomic, also under ATOMIC_REQUESTS: the mail goes out on commit and its failure is answered here.
@transaction.non_atomic_requests
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@use_request_token(scope=scopes.SUBSCRIBE)
def subscribe(request: HttpRequest) -> HttpResponse:
    """The subscribe page. The payload of a member's link greets, and is kept until the address is confirmed."""
    invitation = request.token.data if hasattr(request, "token") else {}
    form = SubscribeForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "inviter": payloads.inviter_name(invitation)}
    if request.method == "POST":
        if hasattr(request, "token"):
            # The member sees how many visits the link brought; this one was counted when the form was opened.
            request.token.release()
        if not _allow("client", request.META["REMOTE_ADDR"], limit=MAILS_PER_CLIENT):
            return _too_many_requests(request)
    if not form.is_valid():
        return render(request, "newsletter/subscribe.html", context)

    email = form.cleaned_data["email"]
    if not _allow("address", email, limit=MAILS_PER_ADDRESS):
        return _too_many_requests(request)
    try:
        services.request_confirmation(email, invitation=invitation)
    except services.MailNotSentError:
        form.add_error(None, _("We could not send the mail just now. Please try again in a few minutes."))
        return render(request, "newsletter/subscribe.html", context, status=503)
    return redirect("newsletter:subscribe_done")


@login_not_required
@require_safe
def subscribe_done(request: HttpRequest) -> HttpResponse:
    """The same page for every address, so that nobody learns from it who reads us."""
    context = {"hours": services.CONFIRM_WITHIN_HOURS, "debug": settings.DEBUG}
    return render(request, "newsletter/subscribe_done.html", context)


@login_not_required
@use_request_token(scope=scopes.CONFIRM, required=True, confirm="newsletter/confirm.html")
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The second half of the double opt-in; the page with the button is shown by the middleware."""
    email = payloads.confirmed_email(request.token.data)
    if not email:
        return render(request, "newsletter/confirm_broken.html", status=400)
    outcome = services.subscribe(email, referrer=payloads.referrer(request.token.data))
    return render(request, "newsletter/confirmed.html", {"outcome": outcome.value, "email": email})


# RFC 8058: a mailbox provider posts here without cookie, CSRF token or Referer; the token in the query is
# the proof. It may send any body or a broken one, so nothing here may touch request.POST or request.body.
@csrf_exempt
@login_not_required
@use_request_token(scope=scopes.UNSUBSCRIBE, required=True, confirm="newsletter/unsubscribe.html")
@require_POST
def unsubscribe(request: HttpRequest) -> HttpResponse:
    """Ends the subscription of the token's user, who is ``request.user`` for this request only."""
    outcome = services.unsubscribe(request.user)
    undo_url = request.token.tokenise(reverse("newsletter:resubscribe"))
    return render(request, "newsletter/unsubscribed.html", {"outcome": outcome.value, "undo_url": undo_url})


@login_not_required
@use_request_token(scope=scopes.UNSUBSCRIBE, required=True)
@require_POST
def resubscribe(request: HttpRequest) -> HttpResponse:
    """The undo on the page after unsubscribing; unlike it, under CSRF protection."""
    outcome = services.undo_unsubscribe(request.user)
    return render(request, "newsletter/resubscribed.html", {"outcome": outcome.value})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """A member's own link and what became of it."""
    token = services.invitation_token(request.user)
    form = InvitationForm(
        request.POST if request.method == "POST" else None,
        initial={"name": payloads.inviter_name(token.data) if token else request.user.get_short_name()},
    )
    if form.is_valid():
        services.invite(request.user, name=form.cleaned_data["name"])
        return redirect("newsletter:invite")
    context = {
        "form": form,
        "visits": token.used_to_date if token else 0,
        "invitation": Invitation.objects.filter(member=request.user).first(),
        "link": token.tokenise(absolute_url("newsletter:subscribe")) if token else "",
        "confirmed": Subscription.objects.filter(referrer=request.user).count(),
    }
    return render(request, "newsletter/invite.html", context)


def _allow(name: str, value: str, *, limit: int) -> bool:
    return allow(f"newsletter.subscribe.{name}", value.lower(), limit=limit, seconds=LIMIT_SECONDS)


def _too_many_requests(request: HttpRequest) -> HttpResponse:
    response = render(request, "429.html", {"minutes": LIMIT_SECONDS // 60}, status=429)
    response.headers["Retry-After"] = str(LIMIT_SECONDS)
    return response

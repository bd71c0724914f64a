from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.newsletter import payloads, referrals
from apps.newsletter.forms import InvitationForm
from apps.site.emails import absolute_url
from apps.site.http import UserRequest


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
    context = {
        "form": form,
        "invitation": invitation,
        "link": token.tokenise(absolute_url("newsletter:subscribe")) if token else "",
        "funnel": referrals.funnel(invitation) if invitation else [],
    }
    return render(request, "newsletter/invite.html", context)

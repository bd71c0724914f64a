"""The member's own pages: what is kept of them, another address, signing out everywhere, leaving."""

from datetime import timedelta

from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import scopes, services, tasks
from apps.accounts.forms import LoginForm, ProfileForm
from apps.accounts.fresh import fresh_sign_in_required
from apps.site.http import UserRequest, UserTokenRequest, see_other
from apps.site.limits import allow_email, give_back_email, refuse_flood
from apps.site.tasks import has_failed
from apps.tokens.decorators import use_request_token
from apps.tokens.models import RequestToken

CONFIRM_WITHIN = timedelta(hours=1)
TELL_WITHIN = timedelta(days=1)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: UserRequest) -> HttpResponse:
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=request.user)
    if not form.is_valid():
        # Of an app that may not be there, so it is not asked by name.
        subscription = getattr(request.user, "subscription", None)
        return render(request, "accounts/profile.html", {"form": form, "subscription": subscription})
    form.save()
    messages.success(request, _("Your name is saved."))
    return see_other("accounts:profile")


@never_cache
@login_required
@require_safe
def stored(request: UserRequest) -> HttpResponse:
    """Everything that the site keeps about this person."""
    tokens = RequestToken.objects.filter(user=request.user).order_by("-pk")[:100]
    return render(request, "accounts/stored.html", {"tokens": tokens})


@never_cache
@login_required
@require_POST
def sign_out_everywhere(request: UserRequest) -> HttpResponse:
    services.sign_out_everywhere(request.user, but=request)
    messages.success(request, _("Every other browser is signed out."))
    return see_other("accounts:profile")


@transaction.non_atomic_requests
@never_cache
@fresh_sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_address(request: UserRequest) -> HttpResponse:
    """Asks for the new address and sends it a link; nothing changes before that is pressed."""
    form = LoginForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/change_address.html", {"form": form})
    refusal = refuse_flood(request)
    if refusal is not None:
        return refusal
    new = form.cleaned_data["email"]
    # Threat: an answer that tells who has an account. An address that is taken gets its link, too, and that says so.
    token = RequestToken.objects.create_token(
        scope=scopes.CHANGE_ADDRESS,
        login_mode=RequestToken.LOGIN_MODE_REQUEST,
        user=request.user,
        data={"email": new, "old": request.user.email},
        expiration_time=timezone.now() + CONFIRM_WITHIN,
    )
    if allow_email(new) and has_failed(tasks.send_address_confirmation.enqueue(token.pk)):
        give_back_email(request, new)
        form.add_error(None, _("We could not send the email. Nothing is lost: please try again in a few minutes."))
        return render(request, "accounts/change_address.html", {"form": form}, status=503)
    messages.info(request, _("Open the link that we have sent to the new address. Until then nothing changes."))
    return see_other("accounts:profile")


@login_not_required
@use_request_token(scope=scopes.CHANGE_ADDRESS, required=True, confirm="accounts/confirm_address.html")
@require_POST
def confirm_address(request: UserTokenRequest) -> HttpResponse:
    """The link is pressed: the account moves, and the old address is told."""
    old, new = request.token.data["old"], request.token.data["email"]
    was_signed_in = auth.SESSION_KEY in request.session
    try:
        services.change_address(request.user, old=old, new=new)
    except services.AddressTakenError:
        return render(request, "accounts/address_taken.html", status=409)
    if was_signed_in:
        auth.update_session_auth_hash(request, request.user)
    until = (timezone.now() + TELL_WITHIN).isoformat()
    transaction.on_commit(lambda: tasks.send_address_changed.enqueue(old, until))
    return render(request, "accounts/address_changed.html", {"address": new})


@never_cache
@fresh_sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: UserRequest) -> HttpResponse:
    """Shows what goes, and lets it go by a button."""
    if request.method != "POST":
        return render(request, "accounts/delete.html")
    user = request.user
    auth.logout(request)
    services.delete_account(user)
    messages.success(request, _("Your account is deleted, and everything we kept about you with it."))
    return see_other("home")

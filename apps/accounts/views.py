from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import scopes, services
from apps.accounts.forms import LoginForm, ProfileForm
from apps.accounts.redirects import safe_path
from apps.site.emails import MailNotSentError
from apps.site.http import UserRequest
from apps.site.limits import HOUR, Limit, too_many_requests
from apps.tokens.conf import token_settings
from apps.tokens.decorators import TokenRequest, use_request_token

PER_ADDRESS = Limit("login.address", 5, per=HOUR)
PER_CLIENT = Limit("login.client", 20, per=HOUR)


# Not atomic, also under ATOMIC_REQUESTS: the mail goes out on commit and its failure is answered here.
@transaction.non_atomic_requests
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return render(request, "accounts/already_signed_in.html")

    form = LoginForm(request.POST if request.method == "POST" else None)
    next_path = safe_path(request.POST.get("next") or request.GET.get("next", ""))
    if request.method == "POST" and not PER_CLIENT.allow(request.META["REMOTE_ADDR"]):
        return too_many_requests(request, PER_CLIENT)
    if not form.is_valid():
        return render(request, "accounts/login.html", {"form": form, "next": next_path})
    if not PER_ADDRESS.allow(form.cleaned_data["email"]):
        return too_many_requests(request, PER_ADDRESS)

    try:
        services.send_link(form.cleaned_data["email"], next_path=next_path)
    except MailNotSentError:
        form.add_error(None, _("We could not send the mail. Nothing is lost: please try again in a few minutes."))
        return render(request, "accounts/login.html", {"form": form, "next": next_path}, status=503)
    return redirect("accounts:login_sent")


@login_not_required
@require_safe
def login_sent(request: HttpRequest) -> HttpResponse:
    context = {"minutes": token_settings.REQUEST_TOKEN_EXPIRY, "debug": settings.DEBUG}
    return render(request, "accounts/login_sent.html", context)


@login_not_required
@use_request_token(scope=scopes.LOGIN, required=True)
@require_POST
def login_link(request: TokenRequest) -> HttpResponse:
    return _go_on(request)


@login_not_required
@use_request_token(scope=scopes.SIGNUP, required=True, confirm="accounts/signup_confirm.html")
@require_POST
def signup(request: TokenRequest) -> HttpResponse:
    try:
        user = services.sign_up(request.token.data["email"])
    except services.AddressTakenError:
        messages.warning(request, _("There is an account with this address by now. Sign in to it here."))
        return redirect("accounts:login")
    auth.login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    messages.success(request, _("Welcome. Your account is ready."))
    return _go_on(request)


class LogoutView(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        messages.success(request, _("You are signed out."))
        return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: UserRequest) -> HttpResponse:
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=request.user)
    if not form.is_valid():
        return render(request, "accounts/profile.html", {"form": form})
    form.save()
    messages.success(request, _("Your name is saved."))
    return redirect("accounts:profile")


def _go_on(request: TokenRequest) -> HttpResponse:
    # Checked here too: a token may be made by hand.
    return redirect(safe_path(str(request.token.data.get("next", ""))) or settings.LOGIN_REDIRECT_URL)

"""Sign-in and sign-up by link, or by the code that comes with it."""

from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import asking, code, known, notices, scopes, services
from apps.accounts.forms import LoginForm
from apps.site import cookies
from apps.site.emails import MailNotSentError
from apps.site.http import see_other
from apps.site.limits import refuse_flood
from apps.site.redirects import safe_path
from apps.tokens.admission import admit
from apps.tokens.conf import token_settings
from apps.tokens.decorators import TokenRequest, use_request_token
from apps.tokens.models import RequestToken


# Not atomic, also under ATOMIC_REQUESTS: the task that sends the email must find what is committed.
@transaction.non_atomic_requests
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return render(request, "accounts/already_signed_in.html")

    form = LoginForm(request.POST if request.method == "POST" else None)
    next_path = safe_path(request.POST.get("next") or request.GET.get("next", ""))
    refusal = refuse_flood(request) if request.method == "POST" else None
    if refusal is not None:
        return refusal
    if not form.is_valid():
        return render(request, "accounts/login.html", {"form": form, "next": next_path})
    return _ask(request, form, next_path)


@transaction.non_atomic_requests
@login_not_required
@require_POST
def new_link(request: HttpRequest) -> HttpResponse:
    """One press on the page of a refused link: another one to the same address, which the page does not show."""
    refusal = refuse_flood(request)
    if refusal is not None:
        return refusal
    form = LoginForm({"email": asking.address_behind(request.POST.get("link", ""))})
    return _ask(request, form, "") if form.is_valid() else see_other("accounts:login")


@never_cache
@login_not_required
@require_safe
def login_sent(request: HttpRequest) -> HttpResponse:
    return _waiting_page(request)


def go_on_again(request: HttpRequest, token: RequestToken) -> HttpResponse | None:
    """A used link pressed by the very person it has signed in leads where it led."""
    user = request.user
    if not user.is_authenticated or (token.user_id != user.pk and token.data.get("email") != user.email):
        return None
    messages.info(request, _("You are signed in already."))
    return _go_on(token)


@login_not_required
# The contract's one exception to "GET shows, POST acts": in the browser that asked, opening the link is the press.
@use_request_token(
    scope=scopes.LOGIN,
    required=True,
    confirm=asking.confirm_elsewhere,
    methods=["GET", "POST"],
    again=go_on_again,
)
def login_link(request: TokenRequest) -> HttpResponse:
    return _finish(request, request.token)


@login_not_required
@use_request_token(
    scope=scopes.SIGNUP,
    required=True,
    confirm="accounts/signup_confirm.html",
    methods=["GET", "POST"],
    again=go_on_again,
)
def signup(request: TokenRequest) -> HttpResponse:
    return _finish(request, request.token)


@never_cache
@login_not_required
@require_POST
def enter_code(request: HttpRequest) -> HttpResponse:
    """Link and code are one token with one use."""
    asked = asking.request_of(request)
    if asked is None:
        messages.warning(request, _("This browser waits for no code. Ask for a link here."))
        return see_other("accounts:login")
    if not code.is_right(asked, request.POST.get("code", "")):
        left = code.tries_left(asked)
        wrong = ngettext("That is not the code. %d try is left.", "That is not the code. %d tries are left.", left)
        return _waiting_page(request, error=wrong % left if left else _("That was the last try. Ask for another link."))
    with admit(request, scope=asked.token.scope, required=True, token=asked.token):
        return _finish(request, asked.token)


class LogoutView(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        messages.success(request, _("You are signed out."))
        response.status_code = 303
        return response


def _ask(request: HttpRequest, form: LoginForm, next_path: str) -> HttpResponse:
    try:
        return asking.ask(request, form.cleaned_data["email"], next_path=next_path)
    except MailNotSentError:
        form.add_error(None, _("We could not send the email. Nothing is lost: please try again in a few minutes."))
        return render(request, "accounts/login.html", {"form": form, "next": next_path}, status=503)


def _waiting_page(request: HttpRequest, *, error: str = "") -> HttpResponse:
    context = {"minutes": token_settings.REQUEST_TOKEN_EXPIRY, "error": error}
    return render(request, "accounts/login_sent.html", context)


def _finish(request: HttpRequest, token: RequestToken) -> HttpResponse:
    """A use of this token is taken: sign up a new reader, and go on."""
    user: Any = token.user
    is_new = user is None
    if is_new:
        try:
            user = services.sign_up(token.data["email"])
        except services.AddressTakenError:
            messages.warning(request, _("There is an account with this address by now. Sign in to it here."))
            return see_other("accounts:login")
        auth.login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        messages.success(request, _("Welcome. Your account is ready."))
    response = _go_on(token)
    cookies.forget_secret(response, asking.COOKIE)
    browser = known.remember(request, response, user)
    if browser is not None and not is_new:
        notices.send_notice(browser)
    return response


def _go_on(token: RequestToken) -> HttpResponse:
    # Checked here too: a token may be made by hand.
    return see_other(safe_path(str(token.data.get("next", ""))) or settings.LOGIN_REDIRECT_URL)

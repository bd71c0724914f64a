"""A sign-in from a browser never seen before: the owner is told, and can undo it with one button."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts import scopes, services, tasks
from apps.accounts.models import KnownBrowser
from apps.site.http import UserTokenRequest
from apps.tokens.decorators import use_request_token
from apps.tokens.models import RequestToken

NOTICE_LIVES = timedelta(days=7)


def send_notice(browser: KnownBrowser) -> None:
    """Tells the owner of the account. An email that cannot be sent keeps nobody from signing in."""
    token = RequestToken.objects.create_token(
        scope=scopes.NOT_ME,
        login_mode=RequestToken.LOGIN_MODE_REQUEST,
        user=browser.user,
        max_uses=None,
        expiration_time=timezone.now() + NOTICE_LIVES,
    )
    transaction.on_commit(lambda: tasks.send_notice.enqueue(browser.pk, token.pk))


@login_not_required
# The person who is signed in here may be the one to sign out.
@use_request_token(scope=scopes.NOT_ME, required=True, ignore_session=True, confirm="accounts/not_me.html")
@require_POST
def not_me(request: UserTokenRequest) -> HttpResponse:
    """Ends every session and link of the account, and signs nobody in."""
    services.sign_out_everywhere(request.user)
    return render(request, "accounts/not_me_done.html")

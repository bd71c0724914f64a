"""The password form of the admin, with limits. Staff who are locked out sign in by link and go on to the admin."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from apps.accounts import known, notices
from apps.accounts.models import User
from apps.site.limits import DAY, Limit, client_of, too_many_requests

PER_CLIENT = Limit("password.client", 10, per=600)
PER_ACCOUNT = Limit("password.account", 30, per=DAY)


@never_cache
@login_not_required
def admin_login(request: HttpRequest) -> HttpResponse:
    """Django's own, asked no more often than that. Passwords that are right cost nothing."""
    if request.method != "POST":
        return admin.site.login(request)
    # Threat: passwords tried one after the other; from many addresses, too.
    counts = [(PER_CLIENT, client_of(request)), (PER_ACCOUNT, request.POST.get("username", "").strip().lower())]
    for limit, value in counts:
        if not limit.allow(value):
            return too_many_requests(request, limit, value)
    response = admin.site.login(request)
    if response.status_code == 302 and isinstance(request.user, User):
        for limit, value in counts:
            limit.give_back(value)
        browser = known.remember(request, response, request.user)
        if browser is not None:
            notices.send_notice(browser)
    return response

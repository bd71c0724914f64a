"""
Share a draft: staff makes a link, and whoever has it reads that one draft.

The link is an access token: nothing is stored, so nothing counts who comes. It ends at its expiry, when the issue is
published and when staff stops sharing (``Issue.preview_state``); and, as the address of the page is in it, when the
slug is changed.
"""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.newsletter.models import Issue
from apps.newsletter.scopes import PREVIEW
from apps.newsletter.staff.access import CHANGE, acts_on_post, staff_only
from apps.newsletter.staff.forms import ShareForm
from apps.site.emails import absolute_url
from apps.tokens.access.decorators import access_token_required, access_url
from apps.tokens.access.scope import access_obj


def preview_url(issue: Issue, lifetime: timedelta) -> str:
    """An address that opens this draft to anybody. Show it to whoever asked for it, and keep no copy."""
    page = absolute_url("newsletter:preview", issue.slug)
    return access_url(page, access_obj(issue, PREVIEW), expires_in=lifetime, state=issue.preview_state())


@login_not_required
@access_token_required(PREVIEW, obj=Issue, state=Issue.preview_state)
@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft, for whoever has the link."""
    return render(request, "newsletter/preview.html", {"issue": get_object_or_404(Issue, slug=slug)})


@staff_only(CHANGE, PREVIEW)
@acts_on_post
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """Makes a link and shows it, this once."""
    issue = get_object_or_404(Issue, slug=slug)
    form = ShareForm(request.POST)
    if issue.is_published:
        messages.warning(request, _("This issue is published: anybody can read it without a link."))
        return redirect("newsletter:staff_issue", slug)
    if not form.is_valid():
        messages.error(request, _("Choose how long the link is to work."))
        return redirect("newsletter:staff_issue", slug)
    lifetime = form.cleaned_data["lifetime"]
    context = {"issue": issue, "link": preview_url(issue, lifetime), "expires_at": timezone.now() + lifetime}
    return render(request, "newsletter/staff/shared.html", context)


@staff_only()
@acts_on_post
def stop_sharing(request: HttpRequest, slug: str) -> HttpResponse:
    get_object_or_404(Issue, slug=slug).stop_sharing()
    messages.success(request, _("No link to this draft works any longer."))
    return redirect("newsletter:staff_issue", slug)

"""Share a draft: staff makes a link, and anybody who has it reads that one draft (``newsletter.views.preview``)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.mailing.desk.access import CHANGE, acts_on_post, staff_only
from apps.mailing.desk.forms import ShareForm
from apps.newsletter.models import Issue
from apps.newsletter.services import preview_url


@staff_only(CHANGE, "newsletter.preview_issue")
@acts_on_post
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """Makes a link and shows it, this once."""
    issue = get_object_or_404(Issue, slug=slug)
    form = ShareForm(request.POST)
    if issue.is_published:
        messages.warning(request, _("This issue is published: anybody can read it without a link."))
        return redirect("mailing:issue", slug)
    if not form.is_valid():
        messages.error(request, _("Choose how long the link should work."))
        return redirect("mailing:issue", slug)
    lifetime = form.cleaned_data["lifetime"]
    context = {"issue": issue, "link": preview_url(issue, lifetime), "expires_at": timezone.now() + lifetime}
    return render(request, "mailing/shared.html", context)


@staff_only()
@acts_on_post
def stop_sharing(request: HttpRequest, slug: str) -> HttpResponse:
    get_object_or_404(Issue, slug=slug).stop_sharing()
    messages.success(request, _("No link to this draft works any longer."))
    return redirect("mailing:issue", slug)

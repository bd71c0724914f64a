from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.newsletter.models import Issue
from apps.newsletter.staff.access import CHANGE, staff_only
from apps.newsletter.staff.forms import IssueForm, ShareForm
from apps.newsletter.staff.report import Report

ISSUES_PER_PAGE = 20
SECONDS_BETWEEN_LOOKS = 5


@staff_only()
@require_safe
def issues(request: HttpRequest) -> HttpResponse:
    page = Paginator(Issue.objects.all(), ISSUES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "newsletter/staff/issues.html", {"page": page})


@staff_only()
@require_safe
def issue(request: HttpRequest, slug: str) -> HttpResponse:
    """Where an issue stands and what can be done with it: a draft, a sending under way, or the report."""
    found = get_object_or_404(Issue, slug=slug)
    context: dict[str, Any] = {"issue": found, "refresh_seconds": None}
    if found.status == Issue.Status.SENDING or (found.is_published and not found.has_started):
        context["refresh_seconds"] = None if "still" in request.GET else SECONDS_BETWEEN_LOOKS
    if not found.has_started:
        return render(request, "newsletter/staff/draft.html", context | {"share_form": ShareForm()})
    template = "report" if found.has_ended else "progress"
    return render(request, f"newsletter/staff/{template}.html", context | {"report": Report(found)})


@staff_only("newsletter.add_issue")
@require_http_methods(["GET", "HEAD", "POST"])
def compose(request: HttpRequest) -> HttpResponse:
    return _write(request, Issue())


@staff_only()
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Issue, slug=slug)
    if not Issue.objects.editable().filter(pk=found.pk).exists():
        return _not_editable(request, slug)
    return _write(request, found)


def _write(request: HttpRequest, found: Issue) -> HttpResponse:
    """The form. "Preview" shows it again, with what was typed as readers will see it; nothing is stored."""
    is_preview, address = "preview" in request.POST, found.slug
    form = IssueForm(request.POST if request.method == "POST" else None, instance=found)
    context = {"form": form, "issue": found, "preview": None}
    is_valid = form.is_valid()
    if is_preview:
        form.show_slug()
        return render(request, "newsletter/staff/edit.html", context | {"preview": form["body"].value()})
    if not is_valid:
        return render(request, "newsletter/staff/edit.html", context)
    if not form.save_if_editable():
        if form.errors:
            return render(request, "newsletter/staff/edit.html", context)
        return _not_editable(request, address)
    if not request.user.has_perm(CHANGE):
        # Whoever may write issues and not change them sees them no more.
        messages.success(request, _("Saved. An editor can take it from here."))
        return redirect("newsletter:staff_compose")
    messages.success(request, _("Saved."))
    return redirect("newsletter:staff_issue", form.cleaned_data["slug"])


def _not_editable(request: HttpRequest, slug: str) -> HttpResponse:
    messages.warning(request, _("This issue is being sent. Until that is over, all readers are to get the same text."))
    return redirect("newsletter:staff_issue", slug)

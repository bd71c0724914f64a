from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.mailing.desk.access import CHANGE, staff_only
from apps.mailing.desk.forms import IssueForm, ShareForm
from apps.mailing.desk.report import Report
from apps.mailing.models import Dispatch
from apps.newsletter.models import Issue

ISSUES_PER_PAGE = 20
SECONDS_BETWEEN_LOOKS = 5


@staff_only()
@require_safe
def issues(request: HttpRequest) -> HttpResponse:
    page = Paginator(Issue.objects.select_related("dispatch"), ISSUES_PER_PAGE).get_page(request.GET.get("page"))
    entries = [(issue, getattr(issue, "dispatch", None)) for issue in page.object_list]
    return render(request, "mailing/issues.html", {"page": page, "entries": entries})


@staff_only()
@require_safe
def issue(request: HttpRequest, slug: str) -> HttpResponse:
    """Where an issue stands and what can be done with it: a draft, a sending under way, or the report."""
    found = get_object_or_404(Issue.objects.select_related("dispatch"), slug=slug)
    dispatch: Dispatch | None = getattr(found, "dispatch", None)
    context: dict[str, Any] = {"issue": found, "dispatch": dispatch, "refresh_seconds": None}
    if dispatch and (dispatch.is_due or dispatch.status == Dispatch.Status.SENDING):
        context["refresh_seconds"] = None if "still" in request.GET else SECONDS_BETWEEN_LOOKS
    if dispatch is None or dispatch.status == Dispatch.Status.SCHEDULED:
        return render(request, "mailing/draft.html", context | {"share_form": ShareForm()})
    template = "report" if dispatch.has_ended else "progress"
    return render(request, f"mailing/{template}.html", context | {"report": Report(dispatch)})


@staff_only("newsletter.add_issue")
@require_http_methods(["GET", "HEAD", "POST"])
def compose(request: HttpRequest) -> HttpResponse:
    return _write(request, Issue())


@staff_only()
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    return _write(request, get_object_or_404(Issue, slug=slug))


def _write(request: HttpRequest, found: Issue) -> HttpResponse:
    """The form. "Preview" shows it again, with what was typed as readers will see it; nothing is stored."""
    form = IssueForm(request.POST if request.method == "POST" else None, instance=found)
    context: dict[str, Any] = {"form": form, "issue": found, "preview": None, "there": None}
    is_valid = form.is_valid()
    if "preview" in request.POST:
        form.show_slug()
        return render(request, "mailing/edit.html", context | {"preview": form["body"].value()})
    if not is_valid:
        return render(request, "mailing/edit.html", context)
    if not form.save_if_unchanged():
        # With what stands there now, and the version that the next save is about to replace.
        there = Issue.objects.filter(pk=found.pk).first()
        return render(request, "mailing/edit.html", context | {"there": there}, status=200 if form.is_taken else 409)
    if not request.user.has_perm(CHANGE):
        # Somebody who can write issues and not change them cannot see them, either.
        messages.success(request, _("Saved. An editor can take it from here."))
        return redirect("mailing:compose")
    messages.success(request, _("Saved."))
    return redirect("mailing:issue", form.cleaned_data["slug"])

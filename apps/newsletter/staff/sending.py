"""The buttons: test, send, schedule, pause, resume, cancel. Each page shows on GET and acts on POST."""

from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.newsletter import sending, services, tasks
from apps.newsletter.models import Issue, Subscription
from apps.newsletter.rendering import IssueMail
from apps.newsletter.staff.access import CHANGE, SEND, acts_on_post, staff_only
from apps.newsletter.staff.forms import ScheduleForm
from apps.site.emails import absolute_url
from apps.site.http import User, UserRequest


@staff_only()
@acts_on_post
def test(request: UserRequest, slug: str) -> HttpResponse:
    """Mails the issue, as a reader gets it, to whoever presses the button."""
    mail = IssueMail(get_object_or_404(Issue, slug=slug))
    try:
        mail.message(
            request.user.email, name=request.user.get_full_name(), unsubscribe_url=_own_unsubscribe_url(request.user)
        ).send()
    except (SMTPException, OSError, ValueError) as error:
        messages.error(request, _("The mail was not sent: %(error)s.") % {"error": type(error).__name__})
    else:
        messages.success(request, _("A test is on its way to %(email)s.") % {"email": request.user.email})
    return redirect("newsletter:staff_issue", slug)


@staff_only(CHANGE, SEND)
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest, slug: str) -> HttpResponse:
    """To how many readers, and when: now, or at a time."""
    issue = get_object_or_404(Issue, slug=slug)
    if issue.has_started:
        return redirect("newsletter:staff_issue", slug)
    is_later = "later" in request.POST
    form = ScheduleForm(request.POST if is_later else None, initial={"at": issue.published_at})
    if request.method == "POST" and (not is_later or form.is_valid()):
        return _send_at(request, issue, form.cleaned_data["at"] if is_later else None)
    context = {"issue": issue, "form": form, "readers": Subscription.objects.active().count()}
    return render(request, "newsletter/staff/send.html", context)


@staff_only(CHANGE, SEND)
@acts_on_post
def unschedule(request: HttpRequest, slug: str) -> HttpResponse:
    return _answer(request, slug, Issue.objects.filter(slug=slug).unschedule(), _("This is a draft again."))


@staff_only(CHANGE, SEND)
@acts_on_post
def pause(request: UserRequest, slug: str) -> HttpResponse:
    reason = _("Paused by %(name)s.") % {"name": request.user.get_short_name() or _("the staff")}
    return _answer(request, slug, Issue.objects.filter(slug=slug).pause(reason), "")


@staff_only(CHANGE, SEND)
@acts_on_post
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    resumed = Issue.objects.filter(slug=slug).resume()
    if resumed:
        _wake_worker(get_object_or_404(Issue, slug=slug))
    return _answer(request, slug, resumed, "")


@staff_only(CHANGE, SEND)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    issue = get_object_or_404(Issue, slug=slug)
    if request.method == "POST":
        return _answer(request, slug, sending.cancel(issue), _("Cancelled: nobody else gets it."))
    if issue.status not in (Issue.Status.SENDING, Issue.Status.PAUSED):
        return redirect("newsletter:staff_issue", slug)
    waiting = issue.deliveries.open().count()
    return render(request, "newsletter/staff/cancel.html", {"issue": issue, "waiting": waiting})


def _send_at(request: HttpRequest, issue: Issue, at: datetime | None) -> HttpResponse:
    # Now is only a near time: freezing 100,000 readers is a worker's business, and not for a page to wait for.
    scheduled = Issue.objects.filter(pk=issue.pk).schedule(at or timezone.now())
    if scheduled and at is None:
        _wake_worker(issue)
    return _answer(request, issue.slug, scheduled, _("It goes out at the time you chose.") if at else "")


def _answer(request: HttpRequest, slug: str, changed: int, words: str) -> HttpResponse:
    if not changed:
        messages.warning(request, _("Nothing was changed: somebody was faster, or it is over."))
    elif words:
        messages.success(request, words)
    return redirect("newsletter:staff_issue", slug)


def _wake_worker(issue: Issue) -> None:
    """A queue's worker begins at once. Without a queue cron does it: no page may wait for 100,000 mails."""
    if settings.TASKS_BACKEND != "immediate":
        tasks.send_issue.enqueue(issue.pk)


def _own_unsubscribe_url(user: User) -> str:
    """The real link of a reader among the staff; for others the address alone, which ends nobody's subscription."""
    subscription = Subscription.objects.filter(user=user).select_related("user", "unsubscribe_token").first()
    url = absolute_url("newsletter:unsubscribe")
    return services.ensure_unsubscribe_token(subscription).tokenise(url) if subscription else url

"""The buttons: test, send, schedule, pause, resume, cancel. Each page shows on GET and acts on POST."""

from datetime import datetime
from smtplib import SMTPException
from time import monotonic

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.mailing import sending, tasks
from apps.mailing.desk.access import CHANGE, SEND, acts_on_post, staff_only
from apps.mailing.desk.forms import ScheduleForm
from apps.mailing.models import Delivery, Dispatch
from apps.mailing.models.dispatch import DispatchQuerySet
from apps.mailing.rendering import IssueMail
from apps.newsletter import services
from apps.newsletter.models import Issue, Subscription
from apps.site.emails import absolute_url
from apps.site.http import User, UserRequest

# Without a queue, what a request can send while somebody waits for its page.
SMALL = 50
LONGEST_SECONDS = 20


@staff_only()
@acts_on_post
def test(request: UserRequest, slug: str) -> HttpResponse:
    """Sends the issue, as a reader gets it, to the person who presses the button."""
    mail = IssueMail(get_object_or_404(Issue, slug=slug))
    try:
        mail.message(
            request.user.email, name=request.user.get_full_name(), unsubscribe_url=_own_unsubscribe_url(request.user)
        ).send()
    except (SMTPException, OSError, ValueError) as error:
        messages.error(request, _("The email was not sent: %(error)s.") % {"error": type(error).__name__})
    else:
        messages.success(request, _("A test is on its way to %(email)s.") % {"email": request.user.email})
    return redirect("mailing:issue", slug)


@staff_only(CHANGE, SEND)
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest, slug: str) -> HttpResponse:
    """To how many readers, and when: now, or at a time."""
    issue = get_object_or_404(Issue.objects.select_related("dispatch"), slug=slug)
    dispatch: Dispatch | None = getattr(issue, "dispatch", None)
    if dispatch and dispatch.status != Dispatch.Status.SCHEDULED:
        return redirect("mailing:issue", slug)
    is_later = "later" in request.POST
    form = ScheduleForm(
        request.POST if is_later else None, initial={"at": dispatch.scheduled_at if dispatch else issue.published_at}
    )
    if request.method == "POST" and (not is_later or form.is_valid()):
        return _send_at(request, issue, form.cleaned_data["at"] if is_later else None)
    context = {"issue": issue, "form": form, "readers": Subscription.objects.active().count()}
    return render(request, "mailing/send.html", context)


@staff_only(CHANGE, SEND)
@acts_on_post
def unschedule(request: HttpRequest, slug: str) -> HttpResponse:
    return _answer(request, slug, _dispatches(slug).unschedule(), _("It will not be sent."))


@staff_only(CHANGE, SEND)
@acts_on_post
def pause(request: UserRequest, slug: str) -> HttpResponse:
    reason = _("Paused by %(name)s.") % {"name": request.user.get_short_name() or _("the staff")}
    return _answer(request, slug, _dispatches(slug).pause(reason), "")


@staff_only(CHANGE, SEND)
@acts_on_post
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    resumed = _dispatches(slug).resume()
    if resumed:
        _begin(Dispatch.objects.select_related("issue").get(issue__slug=slug))
    return _answer(request, slug, resumed, "")


@staff_only(CHANGE, SEND)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    dispatch = _dispatches(slug).select_related("issue").first()
    if request.method == "POST":
        cancelled = dispatch is not None and sending.cancel(dispatch)
        return _answer(request, slug, cancelled, _("Cancelled. No other reader gets it."))
    if dispatch is None or dispatch.status not in (Dispatch.Status.SENDING, Dispatch.Status.PAUSED):
        return redirect("mailing:issue", slug)
    waiting = dispatch.deliveries.open().count()
    return render(request, "mailing/cancel.html", {"issue": dispatch.issue, "waiting": waiting})


def _dispatches(slug: str) -> DispatchQuerySet:
    return Dispatch.objects.filter(issue=get_object_or_404(Issue, slug=slug))


def _send_at(request: HttpRequest, issue: Issue, at: datetime | None) -> HttpResponse:
    # Now is only a near time: freezing 100,000 readers is a worker's business, and not for a page to wait for.
    scheduled = Dispatch.objects.schedule(issue, at or timezone.now())
    if scheduled and at is None:
        _begin(Dispatch.objects.select_related("issue").get(issue=issue))
    return _answer(request, issue.slug, scheduled, _("It goes out at the time you chose.") if at else "")


def _answer(request: HttpRequest, slug: str, changed: int, words: str) -> HttpResponse:
    if not changed:
        messages.warning(request, _("Nothing was changed: somebody else was faster, or it is over."))
    elif words:
        messages.success(request, words)
    return redirect("mailing:issue", slug)


def _begin(dispatch: Dispatch) -> None:
    """Workers begin at once. Without a queue this request sends what is small, and the page names the command."""
    if settings.TASKS_BACKEND != "immediate":
        tasks.call_workers(dispatch)
    elif Subscription.objects.active().count() <= SMALL:
        _send_here(dispatch)


def _send_here(dispatch: Dispatch) -> None:
    until = monotonic() + LONGEST_SECONDS
    in_hand = dispatch.deliveries.filter(status__in=[Delivery.Status.QUEUED, Delivery.Status.CLAIMED])

    def stop() -> bool:
        # An email that is to be tried again later is not worth waiting for.
        return monotonic() > until or not in_hand.exists()

    try:
        sending.send(dispatch, stop=stop)
    except sending.SendingError:
        # It paused itself, and the page says why.
        return
    Dispatch.objects.filter(pk=dispatch.pk).finish()


def _own_unsubscribe_url(user: User) -> str:
    """The real link of a reader among the staff; for others the address alone, which ends nobody's subscription."""
    subscription = Subscription.objects.filter(user=user).select_related("user", "unsubscribe_token").first()
    url = absolute_url("newsletter:unsubscribe")
    return services.ensure_unsubscribe_token(subscription).tokenise(url) if subscription else url

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.demo import clicks, laboratory, mailbox, scenarios
from apps.demo.cards import CARDS, FLOWS, PLACES, Flow, sign_in_path

# No script, no form, no request to anywhere; only a person's click leads out of the frame.
SANDBOX = (
    "sandbox allow-top-navigation-by-user-activation; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'"
)


def debug_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that does not exist without DEBUG."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Threat: on a server these pages would hand everybody's links to anybody.
        if not settings.DEBUG:
            raise Http404
        return view(request, *args, **kwargs)

    return login_not_required(never_cache(guarded))


@debug_only
@require_safe
def show_demo(request: HttpRequest) -> HttpResponse:
    """A card for each flow and for each place."""
    return render(request, "demo/page.html", {"flows": FLOWS, "places": [place for place in PLACES if place.path]})


@debug_only
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """The button of a card: makes a fresh link for somebody of the demo and goes there, or opens a page."""
    card = CARDS.get(slug)
    if card is None:
        raise Http404
    email = request.user.email if request.user.is_authenticated else ""
    if card.acts_for and email and email != card.acts_for:
        logout(request)
        messages.info(
            request,
            _("You were signed in as %(email)s and are signed out now: a link for one person refuses another.")
            % {"email": email},
        )
    if isinstance(card, Flow):
        path = card.link()
    elif card.acts_for and email != card.acts_for:
        path = sign_in_path(card.acts_for, card.path)
    else:
        path = card.path
    return HttpResponseRedirect(path, status=303)


@debug_only
@require_safe
def show_mailbox(request: HttpRequest) -> HttpResponse:
    """Every email the site has sent, newest first."""
    return render(request, "demo/mailbox.html", {"emails": list(mailbox.newest_first())})


@debug_only
@require_safe
def show_email(request: HttpRequest, name: str) -> HttpResponse:
    """One email: its links, its text, its HTML in a frame, its headers."""
    return render(request, "demo/email.html", {"email": _find_or_404(name)})


@debug_only
@require_safe
@xframe_options_sameorigin
def show_email_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part alone."""
    # Threat: an email's text that acts as a page of this site. The sandbox gives it an origin of its own.
    html = _find_or_404(name).html.replace("<head>", '<head><base target="_top">', 1)
    return HttpResponse(html, headers={"Content-Security-Policy": SANDBOX})


@transaction.non_atomic_requests
@debug_only
@require_http_methods(["GET", "HEAD", "POST"])
def show_laboratory(request: HttpRequest) -> HttpResponse:
    """Runs one scenario, or all, against this site; and shows the last clicks."""
    wanted = request.POST.get("scenario", "")
    chosen = [scenario for scenario in scenarios.SCENARIOS if wanted in (scenario.slug, "all")]
    if request.method == "POST" and not chosen:
        raise Http404
    runs = [laboratory.run(scenario, f"{request.scheme}://{request.get_host()}") for scenario in chosen]
    context = {
        "runs": runs,
        "failed": sum(not run.is_true for run in runs),
        "scenarios": scenarios.SCENARIOS,
        "elsewhere": scenarios.ELSEWHERE,
        "clicks": clicks.last_clicks.copy(),
        "nobody": _("nobody"),
        # For the fold-outs of this page, which has the styles.
        "is_earlier": False,
        "brings_styles": False,
    }
    return render(request, "demo/laboratory.html", context)


def _find_or_404(name: str) -> mailbox.StoredEmail:
    email = mailbox.find(name)
    if email is None:
        raise Http404
    return email

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config import demo


@login_not_required
@require_POST
def start_flow(request: HttpRequest, slug: str) -> HttpResponse:
    """Makes a fresh link for somebody of the demo and goes there."""
    # Threat: a key for anybody who asks. With DEBUG only, and only for the people of the demo.
    flow = next((flow for flow in demo.FLOWS if flow.slug == slug), None)
    if flow is None or not settings.DEBUG:
        raise Http404
    if flow.acts_for and request.user.is_authenticated and request.user.email != flow.acts_for:
        email = request.user.email
        logout(request)
        messages.info(
            request,
            _("You were signed in as %(email)s and are signed out now: a link for one person refuses another.")
            % {"email": email},
        )
    return HttpResponseRedirect(flow.link(), status=303)

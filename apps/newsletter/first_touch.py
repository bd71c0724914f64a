"""
Who invited a visitor first: a signed cookie, from the first visit by a member's link to the confirmation.

It holds the number of an invitation, and no token, name or address. Whoever sets it to something else is not believed.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from apps.newsletter.models import Invitation

COOKIE = "invited_by"
SALT = "newsletter.first_touch"
MAX_AGE_SECONDS = 30 * 24 * 60 * 60


def read(request: HttpRequest) -> Invitation | None:
    """The invitation that led the visitor here first, while it stands. No cookie: no query."""
    pk = request.get_signed_cookie(COOKIE, None, salt=SALT, max_age=MAX_AGE_SECONDS)
    if pk is None:
        return None
    return Invitation.objects.live().select_related("token", "member").filter(pk=pk).first()


def keep(response: HttpResponse, invitation: Invitation) -> None:
    response.set_signed_cookie(
        COOKIE,
        str(invitation.pk),
        salt=SALT,
        max_age=MAX_AGE_SECONDS,
        path=_path(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        # Strict would leave it behind when the link in the confirmation mail is followed.
        samesite="Lax",
    )
    patch_vary_headers(response, ["Cookie"])


def forget(request: HttpRequest, response: HttpResponse) -> None:
    if COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, path=_path(), samesite="Lax")


def _path() -> str:
    # Sent to the pages of this app only.
    return reverse("newsletter:archive")

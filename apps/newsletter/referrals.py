"""
Members' invitations: who brought whom, how many they are, and when it stops.

None of this is needed for a link with a payload; take ``invite`` and ``visit.inviter`` and leave the rest.

The first invitation a visitor follows is kept in a signed cookie until the confirmation. It holds the number of an
invitation, and no token, name or address. Where the law asks for consent to such a cookie, ask before ``_keep``, or
remove the call: the link then greets, and counts nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.newsletter import payloads, scopes
from apps.newsletter.models import Invitation, Subscription, is_usable
from apps.site.http import User
from apps.tokens.models import RequestToken

COOKIE = "invited_by"
SALT = "newsletter.first_touch"
MAX_AGE_SECONDS = 30 * 24 * 60 * 60


def invite(member: User, *, name: str, quota: int | None = None, expires_on: datetime | None = None) -> RequestToken:
    """
    The token of the member's link, which greets with ``name``.

    Another name or quota keeps the link. Another end changes it, as the time is part of the token: the former link
    works until the earlier of the two.
    """
    # By itself, before the lock: on MariaDB two who insert and then lock in one transaction wait for each other.
    Invitation.objects.get_or_create(member=member)
    fields = {"data": {"referrer": str(member.pk), "name": name}, "expiration_time": expires_on}
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(member=member)
        invitation.quota = quota
        token = invitation.token
        if is_usable(token):
            RequestToken.objects.filter(pk=token.pk).update(**fields)
            token.refresh_from_db()
        else:
            token = RequestToken.objects.create_token(
                scope=scopes.SUBSCRIBE, login_mode=RequestToken.LOGIN_MODE_NONE, max_uses=None, **fields
            )
        invitation.token = token
        invitation.save(update_fields=["quota", "token"])
        return token


def invitation_of(member: User) -> Invitation | None:
    """The member's invitation, with its token."""
    return Invitation.objects.filter(member=member).select_related("token").first()


def usable_token(invitation: Invitation | None) -> RequestToken | None:
    """The token of the link, if there is one that works."""
    token = invitation.token if invitation else None
    return token if is_usable(token) else None


@dataclass(frozen=True)
class Visit:
    """What brought somebody to the subscribe page."""

    inviter: str
    """The name to greet with; empty without an invitation."""
    followed: Invitation | None
    """The one whose link led to this very request."""
    invitation: Invitation | None
    """The one the page is about: that, or the one of the cookie."""
    is_first: bool
    is_own: bool
    is_full: bool

    @property
    def credited(self) -> Invitation | None:
        """The invitation that counts when the visitor subscribes."""
        return None if self.is_own else self.invitation


def visit(request: HttpRequest, token: RequestToken | None) -> Visit:
    """Reads the payload of the link, and the cookie. No link and no cookie: no query."""
    followed, first = _find(token.data) if token else None, _read_cookie(request)
    invitation = followed or first
    if request.method == "POST":
        invitation = first or followed
        # A form is not a visit; that was counted when the page was opened.
        _release(token)
    is_full = invitation is not None and invitation.is_full
    greeting = token or (invitation.token if invitation else None)
    return Visit(
        inviter=payloads.inviter_name(greeting.data) if greeting and not is_full else "",
        followed=followed,
        invitation=invitation,
        is_first=first is None,
        is_own=invitation is not None and invitation.member_id == request.user.pk,
        is_full=is_full,
    )


def count(visit: Visit, request: HttpRequest, response: HttpResponse) -> None:
    """Counts the click of a visitor who followed a link, and remembers who was first."""
    if visit.followed is None or request.method == "POST":
        return
    if visit.is_own:
        _release(getattr(request, "token", None))
        return
    Invitation.objects.filter(pk=visit.followed.pk).update(clicks=F("clicks") + 1)
    if visit.is_first and not visit.followed.is_full:
        _keep(response, visit.followed)


def count_signup(invitation: Invitation, email: str) -> None:
    """Counts that somebody asked for the newsletter; the member's own address does not count."""
    # One statement either way: how long the answer takes must not tell whose invitation it is.
    added = 0 if email.lower() == invitation.member.email.lower() else 1
    Invitation.objects.filter(pk=invitation.pk).update(signups=F("signups") + added)


def credit(subscription: Subscription, referrer: User) -> None:
    """Writes down who brought this new reader. Call it in the transaction that made the subscription."""
    if referrer.pk == subscription.user_id:
        subscription.is_self_referral = True
        subscription.save(update_fields=["is_self_referral"])
        return
    invitation = Invitation.objects.filter(member=referrer).first()
    if invitation is None or not Invitation.objects.claim_reader(invitation.pk):
        return
    subscription.referrer = referrer
    subscription.save(update_fields=["referrer"])


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Takes the cookie away."""
    if COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, path=_cookie_path(), samesite="Lax")


def funnel(invitation: Invitation) -> list[tuple[str | Promise, int]]:
    """What the member sees: from the first click to the confirmed reader."""
    steps = {_("Clicks"): invitation.clicks, _("Sign-ups"): invitation.signups, _("Confirmed"): invitation.confirmed}
    return list(steps.items())


def _find(data: Any) -> Invitation | None:
    """The invitation that the payload of a link belongs to, while it stands."""
    member = payloads.referrer(data)
    return Invitation.objects.live().select_related("token", "member").filter(member=member).first() if member else None


def _read_cookie(request: HttpRequest) -> Invitation | None:
    pk = request.get_signed_cookie(COOKIE, None, salt=SALT, max_age=MAX_AGE_SECONDS)
    return Invitation.objects.live().select_related("token", "member").filter(pk=pk).first() if pk else None


def _keep(response: HttpResponse, invitation: Invitation) -> None:
    response.set_signed_cookie(
        COOKIE,
        str(invitation.pk),
        salt=SALT,
        max_age=MAX_AGE_SECONDS,
        path=_cookie_path(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        # Strict would leave it behind when the link in the confirmation email is followed.
        samesite="Lax",
    )
    patch_vary_headers(response, ["Cookie"])


def _cookie_path() -> str:
    # Sent to the pages of this app only.
    return reverse("newsletter:archive")


def _release(token: RequestToken | None) -> None:
    if token is not None:
        token.release()

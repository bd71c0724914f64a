"""Members' links: made, followed, and credited in the transaction that makes a reader."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.newsletter import payloads, scopes
from apps.newsletter.links import is_usable
from apps.newsletter.models import Invitation, Subscription
from apps.site.http import User
from apps.tokens.models import RequestToken

BAR_HEIGHT = 44


@dataclass(frozen=True)
class Step:
    """One bar of the chart on a member's page."""

    label: str | Promise
    count: int
    percent: int
    """Of the largest."""
    offset: int
    """Pixels from the top."""


def invitation_of(member: User) -> Invitation | None:
    """The member's invitation, with its token."""
    return Invitation.objects.filter(member=member).select_related("token").first()


def usable_token(invitation: Invitation | None) -> RequestToken | None:
    """The token of the link, if there is one that works."""
    token = invitation.token if invitation else None
    return token if is_usable(token) else None


def invite(member: User, *, name: str, quota: int | None = None, expires_on: datetime | None = None) -> RequestToken:
    """
    The token of the member's link, which greets with ``name``.

    Another name or quota keeps the link. Another end changes it, as the time is part of the token: the former link
    works until the earlier of the two.
    """
    # By itself, before the lock: on MariaDB two who insert and then lock in one transaction wait for each other.
    Invitation.objects.get_or_create(member=member)
    fields = {"data": payloads.invitation(member, name), "expiration_time": expires_on}
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


def find_invitation(data: Any) -> Invitation | None:
    """The invitation that the payload of a link belongs to, while it stands."""
    member = payloads.referrer(data)
    return Invitation.objects.live().select_related("token", "member").filter(member=member).first() if member else None


def count_click(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(clicks=F("clicks") + 1)


def count_signup(invitation: Invitation, email: str) -> None:
    """Counts that somebody asked for the newsletter; the member's own address does not count."""
    # One statement either way: how long the answer takes must not tell whose invitation it is.
    added = 0 if email.lower() == invitation.member.email.lower() else 1
    Invitation.objects.filter(pk=invitation.pk).update(signups=F("signups") + added)


def credit(subscription: Subscription, referrer: User) -> None:
    """Writes who brought this new reader. Call it in the transaction that made the subscription."""
    if referrer.pk == subscription.user_id:
        subscription.is_self_referral = True
        subscription.save(update_fields=["is_self_referral"])
        return
    invitation = Invitation.objects.filter(member=referrer).first()
    if invitation is None or not Invitation.objects.claim_reader(invitation.pk):
        return
    subscription.referrer = referrer
    subscription.save(update_fields=["referrer"])


def funnel(invitation: Invitation) -> list[Step]:
    """What the member sees: from the first click to the confirmed reader."""
    counts = [
        (_("Clicks"), invitation.clicks),
        (_("Sign-ups"), invitation.signups),
        (_("Confirmed"), invitation.confirmed),
    ]
    largest = max(count for _label, count in counts) or 1
    return [
        Step(label, count, round(100 * count / largest), number * BAR_HEIGHT)
        for number, (label, count) in enumerate(counts)
    ]

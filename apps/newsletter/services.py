"""What must happen together when a reader comes, goes or returns."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from apps.newsletter import referrals, scopes
from apps.newsletter.links import is_usable
from apps.newsletter.models import Subscription, Suppression
from apps.site.http import User
from apps.tokens.models import RequestToken

UNDO_WITHIN = timedelta(days=1)
NO_REASON = {"leaving_reason": "", "leaving_comment": ""}


class Outcome(Enum):
    """What became of a request; the templates word it."""

    SUBSCRIBED = "subscribed"
    RETURNED = "returned"
    ALREADY_SUBSCRIBED = "already_subscribed"
    REFUSED = "refused"
    UNSUBSCRIBED = "unsubscribed"
    ALREADY_UNSUBSCRIBED = "already_unsubscribed"
    NOT_SUBSCRIBED = "not_subscribed"
    TOO_LATE = "too_late"


@transaction.atomic
def subscribe(email: str, *, referrer: User | None = None) -> Outcome:
    """
    Makes the owner of ``email`` a reader: call it when the owner has asked for that, and nobody else.

    It lifts a suppression. Who is new counts for ``referrer``; who returns does not.
    """
    user, _created = get_user_model().objects.get_or_create_by_email(email)
    if not user.is_active:
        return Outcome.REFUSED
    subscription, created = Subscription.objects.get_or_create(user=user)
    ensure_unsubscribe_token(subscription)
    if created and referrer is not None:
        referrals.credit(subscription, referrer)
    left = Subscription.objects.filter(pk=subscription.pk, unsubscribed_at__isnull=False)
    returned = left.update(unsubscribed_at=None, confirmed_at=timezone.now(), **NO_REASON)
    if not created and not returned:
        return Outcome.ALREADY_SUBSCRIBED
    # Last, here and below: transactions that lock the two tables in one order cannot wait for each other.
    Suppression.objects.lift(user.email)
    return Outcome.SUBSCRIBED if created else Outcome.RETURNED


@transaction.atomic
def unsubscribe(user: User) -> Outcome:
    """Ends the subscription, as often as one likes, and sees to it that no import brings the address back."""
    subscriptions = Subscription.objects.filter(user=user)
    ended = subscriptions.filter(unsubscribed_at__isnull=True).update(unsubscribed_at=timezone.now())
    # Not for who has left already: without the lock of that UPDATE, an undo could come in between.
    if not ended and subscriptions.exists():
        return Outcome.ALREADY_UNSUBSCRIBED
    Suppression.objects.add(user.email)
    return Outcome.UNSUBSCRIBED if ended else Outcome.NOT_SUBSCRIBED


def keep_leaving_reason(user: User, *, reason: str, comment: str) -> None:
    """Notes why somebody left, if they like to say; erased with the subscription, forgotten when they return."""
    left = Subscription.objects.filter(user=user, unsubscribed_at__isnull=False)
    left.update(leaving_reason=reason, leaving_comment=comment)


@transaction.atomic
def undo_unsubscribe(user: User) -> Outcome:
    """
    Takes an unsubscription back within ``UNDO_WITHIN``.

    The link in a mail outlives every mailbox: whoever finds an old one may end a subscription
    with it, but must not bring somebody back who left long ago.
    """
    subscriptions = Subscription.objects.filter(user=user)
    recent = subscriptions.filter(unsubscribed_at__gt=timezone.now() - UNDO_WITHIN)
    if recent.update(unsubscribed_at=None, **NO_REASON):
        Suppression.objects.lift(user.email)
        return Outcome.RETURNED
    if subscriptions.filter(unsubscribed_at__isnull=True).exists():
        return Outcome.ALREADY_SUBSCRIBED
    return Outcome.TOO_LATE if subscriptions.exists() else Outcome.NOT_SUBSCRIBED


def ensure_unsubscribe_token(subscription: Subscription) -> RequestToken:
    """The reader's one unsubscribe token, for every mail; minted when there is none that works."""
    token = subscription.unsubscribe_token
    if is_usable(token):
        return token
    with transaction.atomic():
        fresh = RequestToken.objects.create_token(
            scope=scopes.UNSUBSCRIBE,
            login_mode=RequestToken.LOGIN_MODE_REQUEST,
            user=subscription.user,
            max_uses=None,
        )
        unchanged = Subscription.objects.filter(pk=subscription.pk, unsubscribe_token=token)
        if unchanged.update(unsubscribe_token=fresh):
            subscription.unsubscribe_token = fresh
            return fresh
        fresh.delete()
    # Somebody else has minted one meanwhile; the emails already out carry theirs.
    subscription.refresh_from_db(fields=["unsubscribe_token"])
    return ensure_unsubscribe_token(subscription)

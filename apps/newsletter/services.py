"""What must happen together when a reader comes, goes or returns; and the links that go out."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from apps.newsletter import emails, referrals, scopes
from apps.newsletter.models import Invitation, Issue, Subscription, is_usable
from apps.newsletter.signals import subscribed, unsubscribed
from apps.site.emails import MailNotSentError, absolute_url
from apps.site.http import User
from apps.site.tasks import has_failed
from apps.tokens.access.decorators import access_url
from apps.tokens.access.scope import access_obj
from apps.tokens.models import RequestToken

CONFIRM_WITHIN_HOURS = 48
UNDO_WITHIN = timedelta(days=1)


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


def request_confirmation(email: str, *, invitation: Invitation | None = None) -> None:
    """Sends ``email`` a link that subscribes it, for ``invitation`` if one led here. Raises MailNotSentError."""
    with transaction.atomic():
        token = confirmation_token(email, invitation)
        if invitation is not None:
            referrals.count_signup(invitation, email)
    if has_failed(emails.send_confirmation.enqueue(token.pk)):
        raise MailNotSentError


def confirmation_token(email: str, invitation: Invitation | None) -> RequestToken:
    """It acts for nobody, as there is no account yet: the address is in its payload. Works once."""
    return RequestToken.objects.create_token(
        scope=scopes.CONFIRM,
        login_mode=RequestToken.LOGIN_MODE_NONE,
        data={"email": email} | ({"referrer": str(invitation.member_id)} if invitation else {}),
        expiration_time=timezone.now() + timedelta(hours=CONFIRM_WITHIN_HOURS),
    )


@transaction.atomic
def subscribe(email: str, *, referrer: User | None = None) -> Outcome:
    """
    Makes the owner of ``email`` a reader: call it when the owner, and nobody else, has asked for that.

    A new reader counts for ``referrer``; one that returns does not.
    """
    user, _created = get_user_model().objects.get_or_create_by_email(email)
    if not user.is_active:
        return Outcome.REFUSED
    subscription, created = Subscription.objects.get_or_create(user=user)
    ensure_unsubscribe_token(subscription)
    if created and referrer is not None:
        referrals.credit(subscription, referrer)
    left = Subscription.objects.filter(pk=subscription.pk, unsubscribed_at__isnull=False)
    returned = left.update(unsubscribed_at=None, confirmed_at=timezone.now())
    if not created and not returned:
        return Outcome.ALREADY_SUBSCRIBED
    # Last, here and below: transactions that lock two tables in one order cannot wait for each other.
    subscribed.send(Subscription, user=user)
    return Outcome.SUBSCRIBED if created else Outcome.RETURNED


@transaction.atomic
def unsubscribe(user: User) -> Outcome:
    """Ends the subscription. Calling it again changes nothing."""
    subscriptions = Subscription.objects.filter(user=user)
    ended = subscriptions.filter(unsubscribed_at__isnull=True).update(unsubscribed_at=timezone.now())
    # Somebody who has left already is told so, and no signal is sent: without the lock of that UPDATE, an undo could
    # come in between.
    if not ended and subscriptions.exists():
        return Outcome.ALREADY_UNSUBSCRIBED
    unsubscribed.send(Subscription, user=user)
    return Outcome.UNSUBSCRIBED if ended else Outcome.NOT_SUBSCRIBED


@transaction.atomic
def undo_unsubscribe(user: User) -> Outcome:
    """
    Undoes an unsubscribe within ``UNDO_WITHIN``.

    The link in an email outlives every mailbox: somebody who finds an old one can end a subscription with it, but must
    not bring back a reader who left long ago.
    """
    subscriptions = Subscription.objects.filter(user=user)
    recent = subscriptions.filter(unsubscribed_at__gt=timezone.now() - UNDO_WITHIN)
    if recent.update(unsubscribed_at=None):
        subscribed.send(Subscription, user=user)
        return Outcome.RETURNED
    if subscriptions.filter(unsubscribed_at__isnull=True).exists():
        return Outcome.ALREADY_SUBSCRIBED
    return Outcome.TOO_LATE if subscriptions.exists() else Outcome.NOT_SUBSCRIBED


def ensure_unsubscribe_token(subscription: Subscription) -> RequestToken:
    """The reader's one unsubscribe token, for every email; made when there is none that works."""
    token = subscription.unsubscribe_token
    if is_usable(token):
        return token
    with transaction.atomic():
        fresh = new_unsubscribe_token(subscription.user_id)
        fresh.save()
        unchanged = Subscription.objects.filter(pk=subscription.pk, unsubscribe_token=token)
        if unchanged.update(unsubscribe_token=fresh):
            subscription.unsubscribe_token = fresh
            return fresh
        fresh.delete()
    # Somebody else has made one meanwhile; the emails already out carry theirs.
    subscription.refresh_from_db(fields=["unsubscribe_token"])
    return ensure_unsubscribe_token(subscription)


def new_unsubscribe_token(user_id: int) -> RequestToken:
    """Not saved. It acts for its user, has no last day and no last use: an email can be years old when it is read."""
    return RequestToken(
        scope=scopes.UNSUBSCRIBE, login_mode=RequestToken.LOGIN_MODE_REQUEST, user_id=user_id, max_uses=None
    )


def preview_url(issue: Issue, lifetime: timedelta) -> str:
    """
    A URL that opens this draft to anybody. Show it to the person who asked for it, and keep no copy.

    Nothing is stored, so nothing counts visits. It ends at its expiry, when the issue is published, when
    ``issue.stop_sharing`` is called and, as it contains the slug, when that changes.
    """
    page = absolute_url("newsletter:preview", issue.slug)
    return access_url(page, access_obj(issue, scopes.PREVIEW), expires_in=lifetime, state=issue.preview_state())

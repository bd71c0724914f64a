"""What must happen together when a reader comes, goes, returns or invites somebody."""

import logging
from datetime import timedelta
from enum import Enum
from smtplib import SMTPException
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from apps.newsletter import emails, payloads, scopes
from apps.newsletter.models import Invitation, Subscription
from apps.tokens.exceptions import TokenError
from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken

logger = logging.getLogger(__name__)

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


class MailNotSentError(Exception):
    """The mail server did not take the mail."""


def request_confirmation(email: str, *, invitation: Any = None) -> None:
    """
    Mails a link that subscribes ``email``; ``invitation`` is the payload of the link that led here.

    Raises MailNotSentError.
    """
    referrer = payloads.referrer(invitation)
    with transaction.atomic():
        token = RequestToken.objects.create_token(
            scope=scopes.CONFIRM,
            login_mode=RequestToken.LOGIN_MODE_NONE,
            data=payloads.confirmation(email, referrer),
            expiration_time=timezone.now() + timedelta(hours=CONFIRM_WITHIN_HOURS),
        )
        if referrer is not None:
            Invitation.objects.filter(member=referrer).update(signups=F("signups") + 1)
        mail = emails.confirmation(email, token, hours=CONFIRM_WITHIN_HOURS)
        transaction.on_commit(lambda: _deliver(mail))


@transaction.atomic
def subscribe(email: str, *, referrer: AbstractBaseUser | None = None) -> Outcome:
    """Makes the owner of ``email`` a reader. Who is new counts for ``referrer``; who returns does not."""
    user = _get_or_create_user(email)
    if not user.is_active:
        return Outcome.REFUSED
    subscription, created = Subscription.objects.get_or_create(
        user=user, defaults={"referrer": None if referrer == user else referrer}
    )
    ensure_unsubscribe_token(subscription)
    if created:
        return Outcome.SUBSCRIBED
    if subscription.unsubscribed_at is None:
        return Outcome.ALREADY_SUBSCRIBED
    left = Subscription.objects.filter(pk=subscription.pk, unsubscribed_at__isnull=False)
    left.update(unsubscribed_at=None, confirmed_at=timezone.now())
    return Outcome.RETURNED


def unsubscribe(user: AbstractBaseUser) -> Outcome:
    """Ends the subscription; as often as one likes."""
    subscriptions = Subscription.objects.filter(user=user)
    if subscriptions.filter(unsubscribed_at__isnull=True).update(unsubscribed_at=timezone.now()):
        return Outcome.UNSUBSCRIBED
    return Outcome.ALREADY_UNSUBSCRIBED if subscriptions.exists() else Outcome.NOT_SUBSCRIBED


def undo_unsubscribe(user: AbstractBaseUser) -> Outcome:
    """
    Takes an unsubscription back within ``UNDO_WITHIN``.

    The link in a mail outlives every mailbox: whoever finds an old one may end a subscription
    with it, but must not bring somebody back who left long ago.
    """
    subscriptions = Subscription.objects.filter(user=user)
    recent = subscriptions.filter(unsubscribed_at__gt=timezone.now() - UNDO_WITHIN)
    if recent.update(unsubscribed_at=None):
        return Outcome.RETURNED
    if subscriptions.filter(unsubscribed_at__isnull=True).exists():
        return Outcome.ALREADY_SUBSCRIBED
    return Outcome.TOO_LATE if subscriptions.exists() else Outcome.NOT_SUBSCRIBED


def ensure_unsubscribe_token(subscription: Subscription) -> RequestToken:
    """The reader's one unsubscribe token, for every mail; minted when there is none that works."""
    token = subscription.unsubscribe_token
    if token is not None and _is_usable(token):
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
    # Somebody else minted one meanwhile; the mails already out carry theirs.
    subscription.refresh_from_db(fields=["unsubscribe_token"])
    return subscription.unsubscribe_token


def invitation_token(member: AbstractBaseUser) -> RequestToken | None:
    """The token of the member's affiliate link, if there is one that works."""
    invitation = Invitation.objects.filter(member=member).select_related("token").first()
    if invitation is None or invitation.token is None or not _is_usable(invitation.token):
        return None
    return invitation.token


def invite(member: AbstractBaseUser, *, name: str) -> RequestToken:
    """The token of the member's affiliate link, which greets with ``name``; a new name keeps the link."""
    # By itself, before the lock: on MariaDB two who insert and then lock in one transaction wait for each other.
    Invitation.objects.get_or_create(member=member)
    payload = payloads.invitation(member, name)
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(member=member)
        token = invitation.token
        if token is not None and _is_usable(token):
            RequestToken.objects.filter(pk=token.pk).update(data=payload)
            return token
        token = RequestToken.objects.create_token(
            scope=scopes.SUBSCRIBE, login_mode=RequestToken.LOGIN_MODE_NONE, data=payload, max_uses=None
        )
        invitation.token = token
        invitation.save(update_fields=["token"])
        return token


def _deliver(mail: LinkEmail) -> None:
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        # The class only: a server's answer may quote the mail, and the mail has the link in it.
        logger.error("mail not sent error=%s", type(error).__name__)
        raise MailNotSentError from None


def _is_usable(token: RequestToken) -> bool:
    try:
        token.check_usable()
    except TokenError:
        return False
    return True


def _get_or_create_user(email: str) -> Any:
    """The account of that address, or a new one without a password."""
    users: Any = get_user_model()._default_manager
    found = users.filter(email=email).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return users.create_user(email=email)
    except IntegrityError:
        # Two links for one address were confirmed at the same moment.
        return users.get(email=email)

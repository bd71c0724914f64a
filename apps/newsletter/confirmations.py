"""The first half of the double opt-in: a link goes to the address that was typed, and nothing else is stored."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.newsletter import emails, payloads, referrals, scopes
from apps.newsletter.models import Invitation
from apps.site.emails import deliver
from apps.tokens.models import RequestToken

CONFIRM_WITHIN_HOURS = 48


def request_confirmation(email: str, *, invitation: Invitation | None = None) -> None:
    """
    Mails a link that subscribes ``email``; ``invitation`` is the one that led here.

    Raises MailNotSentError.
    """
    with transaction.atomic():
        token = RequestToken.objects.create_token(
            scope=scopes.CONFIRM,
            login_mode=RequestToken.LOGIN_MODE_NONE,
            data=payloads.confirmation(email, invitation.member if invitation else None),
            expiration_time=timezone.now() + timedelta(hours=CONFIRM_WITHIN_HOURS),
        )
        if invitation is not None:
            referrals.count_signup(invitation, email)
        mail = emails.confirmation(email, token, hours=CONFIRM_WITHIN_HOURS)
        transaction.on_commit(lambda: deliver(mail))

"""What happens when somebody signs in or up. Addresses come from a validated form."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts import emails, scopes
from apps.accounts.models import User
from apps.site.emails import deliver
from apps.tokens.conf import token_settings
from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken

SIGNUP_LINK_MINUTES = 60


class AddressTakenError(Exception):
    """Somebody has an account with this address by now."""


def send_link(email: str, *, next_path: str = "") -> None:
    """
    Mail a sign-in link if the address is known, a sign-up link if not.

    Raises MailNotSentError.
    """
    # Threat: an answer that tells who has an account. Both ways take the same queries and one mail.
    with transaction.atomic():
        user = User.objects.filter(email=email).first()
        mail = _signup_mail(email, next_path) if user is None else login_mail(user, next_path=next_path)
        transaction.on_commit(lambda: deliver(mail))


def login_mail(user: User, *, next_path: str = "") -> LinkEmail:
    """The email, not sent, with a new link that signs this user in."""
    token = RequestToken.objects.create_token(
        scope=scopes.LOGIN, login_mode=RequestToken.LOGIN_MODE_SESSION, user=user, data={"next": next_path}
    )
    return emails.login_mail(user, token, minutes=token_settings.REQUEST_TOKEN_EXPIRY)


def sign_up(email: str) -> User:
    """The new user. Raises AddressTakenError."""
    user, created = User.objects.get_or_create_by_email(email)
    if not created:
        raise AddressTakenError
    return user


def _signup_mail(email: str, next_path: str) -> LinkEmail:
    token = RequestToken.objects.create_token(
        scope=scopes.SIGNUP,
        login_mode=RequestToken.LOGIN_MODE_NONE,
        data={"email": email, "next": next_path},
        max_uses=1,
        expiration_time=timezone.now() + timedelta(minutes=SIGNUP_LINK_MINUTES),
    )
    return emails.signup_mail(email, token, minutes=SIGNUP_LINK_MINUTES)

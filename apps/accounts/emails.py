"""The subjects of the emails; their words are in templates/accounts/mail/."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.site.emails import link_email
from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken


def login_mail(user: User, token: RequestToken, *, minutes: int) -> LinkEmail:
    """The email with a sign-in link, to the address on record."""
    return link_email(
        "accounts/mail/login",
        subject=_("Your link to sign in to Latchkey"),
        # Threat: the address as typed may reach another mailbox than the one on record.
        to=user.email,
        url_name="accounts:login_link",
        token=token,
        minutes=minutes,
    )


def signup_mail(email: str, token: RequestToken, *, minutes: int) -> LinkEmail:
    """The email with a sign-up link."""
    return link_email(
        "accounts/mail/signup",
        subject=_("Your link to join Latchkey"),
        to=email,
        url_name="accounts:signup",
        token=token,
        minutes=minutes,
    )

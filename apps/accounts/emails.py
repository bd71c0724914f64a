"""The words of the mails, and the address of the links in them."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken


def login_mail(user: User, token: RequestToken) -> LinkEmail:
    """The mail with a sign-in link, to the address on record."""
    return _link_mail(
        subject=_("Your link to sign in to Latchkey"),
        template="accounts/mail/login",
        url_name="accounts:login_link",
        # Threat: the address as typed may reach another mailbox than the one on record.
        to=user.email,
        token=token,
    )


def signup_mail(email: str, token: RequestToken) -> LinkEmail:
    """The mail with a sign-up link."""
    return _link_mail(
        subject=_("Your link to join Latchkey"),
        template="accounts/mail/signup",
        url_name="accounts:signup",
        to=email,
        token=token,
    )


def _link_mail(*, subject: str, template: str, url_name: str, to: str, token: RequestToken) -> LinkEmail:
    # Threat: a forged Host header. The host comes from SITE_URL, never from the request.
    context = {
        "link": token.tokenise(settings.SITE_URL + reverse(url_name)),
        "site_url": settings.SITE_URL,
        "minutes": round((token.expiration_time - token.issued_at).total_seconds() / 60),
        "subject": subject,
    }
    mail = LinkEmail(
        subject,
        render_to_string(f"{template}.txt", context),
        to=[to],
        # RFC 3834: nobody's holiday reply should come back.
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return mail

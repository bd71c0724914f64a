"""The words are in templates/newsletter/mail/."""

from django.utils.translation import gettext as _

from apps.site.emails import link_email
from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken


def confirmation(email: str, token: RequestToken, *, hours: int) -> LinkEmail:
    """Asks the owner of ``email`` to confirm. Transactional: no list header belongs on it."""
    return link_email(
        "newsletter/mail/confirm",
        subject=_("Confirm your subscription to Latchkey"),
        to=email,
        url_name="newsletter:confirm",
        token=token,
        hours=hours,
    )

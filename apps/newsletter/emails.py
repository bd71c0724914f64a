"""The words are in templates/newsletter/mail/."""

from django.conf import settings
from django.utils.translation import gettext as _

from apps.site.emails import link_email
from apps.site.tasks import deliver_or_retry, task
from apps.tokens.models import RequestToken


@task
def send_confirmation(token_id: int) -> None:
    """Asks the owner of the address to confirm. Transactional: no list header belongs on it."""
    token = RequestToken.objects.filter(pk=token_id).first()
    if token is None or token.expiration_time is None:
        return
    email = link_email(
        "newsletter/mail/confirm",
        subject=_("Confirm your subscription to %s") % settings.SITE_NAME,
        to=token.data["email"],
        url_name="newsletter:confirm",
        token=token,
        hours=round((token.expiration_time - token.issued_at).total_seconds() / 3600),
    )
    deliver_or_retry(send_confirmation, token_id, email=email, until=token.expiration_time)

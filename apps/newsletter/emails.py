"""The words of the app's mails are in templates/newsletter/mail/; an issue becomes a mail in rendering.py."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken


def confirmation(email: str, token: RequestToken, *, hours: int) -> LinkEmail:
    """Asks the owner of ``email`` to confirm. Transactional: no list header belongs on it."""
    context = {"confirm_url": token.tokenise(absolute_url("newsletter:confirm")), "hours": hours}
    message = _mail("confirm", _("Confirm your subscription to Latchkey"), email, context)
    # RFC 3834: nobody's holiday reply should come back.
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    return message


def absolute_url(name: str, *args: Any) -> str:
    """An address for a mail. The host is a setting: one taken from a request could be forged."""
    return settings.SITE_URL + reverse(name, args=args)


def _mail(template: str, subject: str, to: str, context: dict[str, Any]) -> LinkEmail:
    context = {"subject": subject, "site_url": settings.SITE_URL, **context}
    text = render_to_string(f"newsletter/mail/{template}.txt", context)
    # A title typed with a line break would be an injected header.
    message = LinkEmail(" ".join(subject.split()), text, to=[to])
    message.attach_alternative(render_to_string(f"newsletter/mail/{template}.html", context), "text/html")
    return message

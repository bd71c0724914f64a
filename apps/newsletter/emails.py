"""The words of the app's mails are in templates/newsletter/mail/; here is what surrounds them."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.newsletter.models import Issue, Subscription
from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken


def confirmation(email: str, token: RequestToken, *, hours: int) -> LinkEmail:
    """Asks the owner of ``email`` to confirm. Transactional: no list header belongs on it."""
    context = {"confirm_url": token.tokenise(absolute_url("newsletter:confirm")), "hours": hours}
    message = _mail("confirm", _("Confirm your subscription to Latchkey"), email, context)
    # RFC 3834: nobody's holiday reply should come back.
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    return message


def issue(issue: Issue, subscription: Subscription, token: RequestToken) -> LinkEmail:
    """One reader's copy; ``token`` is the reader's unsubscribe token."""
    unsubscribe_url = token.tokenise(absolute_url("newsletter:unsubscribe"))
    context = {
        "issue": issue,
        "issue_url": absolute_url("newsletter:issue", issue.slug),
        "unsubscribe_url": unsubscribe_url,
    }
    message = _mail("issue", issue.title, subscription.user.email, context)
    # RFC 8058: one https URI, and the exact words of the second header; mailbox providers post to it.
    message.extra_headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.extra_headers["List-Id"] = f"<newsletter.{urlsplit(settings.SITE_URL).hostname}>"
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

"""Emails with a token in their link: how they are written, and how they leave."""

import logging
from email.utils import make_msgid
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken

logger = logging.getLogger(__name__)


class MailNotSentError(Exception):
    """The mail server did not accept the email."""


def link_email(
    template: str, *, subject: str, to: str, url_name: str, token: RequestToken, **context: Any
) -> LinkEmail:
    """The email, not sent, with the token's link to a view in both parts, as ``link``; see text_email."""
    link = token.tokenise(absolute_url(url_name))
    return text_email(template, subject=subject, to=to, link=link, **context)


def text_email(template: str, *, subject: str, to: str, **context: Any) -> LinkEmail:
    """
    The email, not sent, in two parts.

    ``template`` is the name without .txt and .html. Both get ``subject``, ``site_name``, ``site_url`` and ``context``.
    """
    context = {"subject": subject, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
    headers = {
        # RFC 3834: no out-of-office reply should come back.
        "Auto-Submitted": "auto-generated",
        # Django's own would name the machine that runs the site.
        "Message-ID": make_msgid(domain=site_host()),
    }
    email = LinkEmail(subject, render_to_string(f"{template}.txt", context), to=[to], headers=headers)
    email.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return email


def deliver(email: LinkEmail) -> None:
    """Sends the email. Raises MailNotSentError, so that a visitor can be told to try again."""
    try:
        email.send()
    except (SMTPException, OSError) as error:
        # The class only: a server's answer may quote the email, and the email has the link in it.
        logger.error("email not sent error=%s", type(error).__name__)
        raise MailNotSentError from None


def absolute_url(name: str, *args: Any) -> str:
    """The address of a view for use outside the site."""
    # Threat: a forged Host header. The host comes from SITE_URL, never from the request.
    return settings.SITE_URL + reverse(name, args=args)


def site_host() -> str:
    """The host of SITE_URL, for what is named after it in an email."""
    return urlsplit(settings.SITE_URL).hostname or ""

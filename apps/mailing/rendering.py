"""An issue as an email: text and HTML from the one Markdown source."""

import re
from email.utils import formataddr
from textwrap import wrap

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.crypto import get_random_string
from django.utils.html import escape
from django.utils.translation import override

from apps.newsletter.models import Issue
from apps.site.emails import absolute_url, site_host
from apps.tokens.mail import LinkEmail

WIDTH = 76


class IssueMail:
    """What all readers share is rendered once, here; ``message`` fills in what is one reader's own."""

    def __init__(self, issue: Issue) -> None:
        # Random, so that no text of an issue can contain it and be filled with somebody's link.
        self._placeholder = f"unsubscribe{get_random_string(22)}"
        # A title typed with a line break would be an injected header.
        self._subject = " ".join(issue.title.split())
        context = {
            "issue": issue,
            "text": wrap_markdown(issue.body),
            # The public page: the link is the same for all, so a reader who forwards it gives nobody's token away.
            "issue_url": absolute_url("newsletter:issue", issue.slug),
            "unsubscribe_url": self._placeholder,
            "postal_address": settings.NEWSLETTER_POSTAL_ADDRESS,
            "site_url": settings.SITE_URL,
            "subject": self._subject,
        }
        with override(settings.LANGUAGE_CODE):
            self._text = render_to_string("mailing/mail/issue.txt", context)
            self._html = render_to_string("mailing/mail/issue.html", context)

    def message(self, address: str, *, name: str = "", unsubscribe_url: str, message_id: str = "") -> LinkEmail:
        """One reader's copy. ValueError for an address or a name that no email can carry."""
        headers = {
            # RFC 2919: email programs sort by it.
            "List-Id": f"<newsletter.{site_host()}>",
            # RFC 8058: one https URI, and the exact words of the second header; mailbox providers post to it.
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        if message_id:
            headers["Message-ID"] = message_id
        text = self._text.replace(self._placeholder, unsubscribe_url)
        to = formataddr((" ".join(name.split()), address))
        message = LinkEmail(self._subject, text, to=[to], headers=headers)
        html = self._html.replace(self._placeholder, escape(unsubscribe_url))
        message.attach_alternative(html, "text/html")
        return message


def message_id(dispatch_id: int, delivery_id: int) -> str:
    """The same at every attempt, so that a mailbox that took the email twice can show it once."""
    return f"<dispatch-{dispatch_id}.delivery-{delivery_id}@{site_host()}>"


def wrap_markdown(source: str) -> str:
    """The Markdown with its long lines wrapped, which it still is afterwards; code and links stay whole."""
    lines, in_code = [], False
    for line in source.splitlines():
        is_fence = re.match(r" {0,3}(```|~~~)", line) is not None
        in_code ^= is_fence
        if in_code or is_fence or len(line) <= WIDTH or line.startswith(("    ", "\t", "#", "|")):
            lines.append(line)
            continue
        # Under a list's or a quotation's first letter, or else the rest of the line would leave it.
        lead = re.match(r"> ?|\s*(([-*+]|\d{1,9}[.)])\s+)?", line)[0]  # type: ignore[index]
        indent = lead if lead.startswith(">") else " " * len(lead)
        lines += wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)

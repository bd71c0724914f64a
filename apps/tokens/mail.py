"""
LinkEmail: an email whose links arrive in one piece.

RFC 5322 section 2.1.1 allows lines of 998 characters and suggests 78. Since Django 6.0 the suggestion is enforced on
links too: body lines are broken with "=", a link that is dead when copied, and a long List-Unsubscribe becomes
"=?utf-8?q?...", which mail providers ignore.
"""

import email.policy
from email.policy import EmailPolicy
from typing import Any

import django
from django.core.mail import EmailMultiAlternatives

LONGEST_LINE = 998


class LinkPolicy(EmailPolicy):
    """Lines of ASCII are kept whole; words in other scripts are folded short, as RFC 2047 has it."""

    def fold(self, name: str, value: str) -> str:
        return str(self._for(value).fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        return bytes(self._for(value).fold_binary(name, value))

    def _for(self, value: str) -> Any:
        length = LONGEST_LINE if str(value).isascii() else 78
        return EmailPolicy(linesep=self.linesep, max_line_length=length)


class LinkEmail(EmailMultiAlternatives):
    """EmailMultiAlternatives with every line of up to 998 characters kept whole."""

    def message(self, *, policy: Any = email.policy.default) -> Any:
        if django.VERSION >= (6, 0):
            return super().message(policy=LinkPolicy(linesep=policy.linesep, max_line_length=LONGEST_LINE))
        message = super().message()
        message.policy = message.policy.clone(max_line_length=LONGEST_LINE)
        return message

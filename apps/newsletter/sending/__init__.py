"""Sending an issue: docs/sending.md has the whole story."""

from apps.newsletter.sending.service import SendingError, cancel, send_again, send_issue, start

__all__ = ["SendingError", "cancel", "send_again", "send_issue", "start"]

"""Sending a dispatch: docs/sending.md has the whole story."""

from apps.mailing.sending.service import SendingError, cancel, send, send_again, start

__all__ = ["SendingError", "cancel", "send", "send_again", "start"]

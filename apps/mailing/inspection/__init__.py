"""Does an email, as it was received, meet what mailbox providers ask of a newsletter?"""

from apps.mailing.inspection.message import NoMessageError, ReceivedMessage
from apps.mailing.inspection.requirements import Result, inspect

__all__ = ["NoMessageError", "ReceivedMessage", "Result", "inspect"]

"""Does a mail, as it was received, meet what mailbox providers ask of a newsletter?"""

from apps.newsletter.inspection.message import NoMessageError, ReceivedMessage
from apps.newsletter.inspection.requirements import Result, inspect

__all__ = ["NoMessageError", "ReceivedMessage", "Result", "inspect"]

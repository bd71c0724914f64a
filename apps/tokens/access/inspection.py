"""What an access token turned out to be."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices

from .scope import Scope


class Reason(TextChoices):
    """Why a token is or is not good enough. Only a genuine one gets past BAD_SIGNATURE."""

    OK = "ok"
    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a token says. Scope and times are empty unless it is genuine."""

    reason: Reason
    scope: Scope = Scope()
    issued_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_valid(self) -> bool:
        return self.reason is Reason.OK

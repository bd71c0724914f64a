"""Every question and every change that concerns rows of RequestToken, by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

if TYPE_CHECKING:
    from .models import RequestToken

BATCH_SIZE = 1000


class RequestTokenQuerySet(models.QuerySet["RequestToken"]):
    def create_token(self, scope: str, **fields: Any) -> RequestToken:
        """A new token, saved. ValidationError says which field does not fit its login mode."""
        return self.create(scope=scope, **fields)

    def create_tokens(self, tokens: Iterable[RequestToken]) -> list[RequestToken]:
        """The tokens, checked and saved: in batches of one INSERT each; none of them if one is wrong."""
        tokens = list(tokens)
        for token in tokens:
            token.prepare()
        return self.bulk_create(tokens, batch_size=BATCH_SIZE)

    def with_a_use_left(self, pk: Any, now: Any) -> RequestTokenQuerySet:
        """This one token, if it can be used now."""
        return self.filter(
            Q(max_uses=None) | Q(used_to_date__lt=F("max_uses")),
            Q(expiration_time=None) | Q(expiration_time__gt=now),
            revoked_at=None,
            pk=pk,
        )

    def take_use(self, pk: int) -> bool:
        """Take one use; False if there is none to take. Requests do the same by statements.py, in less time."""
        # Threat: two clicks share the last use. Looking and counting are one UPDATE, which every
        # database runs one after the other for one row. Never read, compare and save.
        now = timezone.now()
        return self.with_a_use_left(pk, now).update(**a_use_taken(now)) == 1

    def give_back(self, pk: int, **taken: Any) -> bool:
        """Return one use; False if none was taken, or none by ``last_used_at=...``."""
        return self.filter(pk=pk, used_to_date__gt=0, **taken).update(used_to_date=F("used_to_date") - 1) == 1

    def sign_in_links(self) -> RequestTokenQuerySet:
        """Those of mode SESSION that could still be used, were they not revoked."""
        return self.filter(login_mode="Session", used_to_date=0, expiration_time__gt=timezone.now())

    def revoke(self, *, by: Any = None, reason: str = "by_hand") -> int:
        """Withdraw these tokens now and for good. Returns the number of those that were not withdrawn before."""
        return self.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by, revoked_reason=reason)


def a_use_taken(now: Any) -> dict[str, Any]:
    """What the claiming UPDATE writes."""
    return {"used_to_date": F("used_to_date") + 1, "last_used_at": now}

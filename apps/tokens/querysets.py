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
        self.bulk_create(tokens, batch_size=BATCH_SIZE)
        for token in tokens:
            token.remember_counts()
        return tokens

    def claim(self, pk: int) -> bool:
        """Take one use; False if there is none to take."""
        # Threat: two clicks share the last use. Looking and counting are one UPDATE, which every
        # database runs one after the other for one row. Never read, compare and save.
        left = self.filter(
            Q(max_uses=None) | Q(used_to_date__lt=F("max_uses")),
            Q(expiration_time=None) | Q(expiration_time__gt=timezone.now()),
            revoked_at=None,
            pk=pk,
        )
        return left.update(used_to_date=F("used_to_date") + 1) == 1

    def give_back(self, pk: int) -> bool:
        """Return one use; False if none was taken."""
        return self.filter(pk=pk, used_to_date__gt=0).update(used_to_date=F("used_to_date") - 1) == 1

    def revoke(self) -> int:
        """Withdraw these tokens now and for good; how many were not withdrawn before."""
        return self.filter(revoked_at=None).update(revoked_at=timezone.now())

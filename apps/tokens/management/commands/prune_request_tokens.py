"""Delete tokens that can never work again, with their history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from ...models import RequestToken, RequestTokenLog
from .truncate_request_token_log import add_batch, days, delete_rows, in_batches


class Command(BaseCommand):
    help = (
        "Deletes the tokens that ended, by expiry, revocation or their last use, and the history that is older, than "
        "so many days ago. What still works stays, however old, and so does what rows of your own refer to. Whoever "
        "opens a deleted link hears that it is no longer on record."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=days, default=90, help="keep what ended within this many days (90)")
        add_batch(parser)

    def handle(self, *args: Any, days: int, batch: int, **options: Any) -> None:
        before = timezone.now() - timedelta(days=days)
        logs = delete_rows(RequestTokenLog.objects.filter(timestamp__lt=before), batch)
        tokens = sum(_delete(keys) for keys in in_batches(_unreferenced(_ended(before)), batch))
        self.stdout.write(f"Tokens deleted: {tokens}. Rows of history deleted: {logs}.")


def _ended(before: Any) -> QuerySet[RequestToken]:
    return RequestToken.objects.filter(
        Q(expiration_time__lt=before)
        | Q(revoked_at__lt=before)
        | Q(used_to_date__gte=F("max_uses"), max_uses__isnull=False, last_used_at__lt=before)
    )


def _unreferenced(tokens: QuerySet[RequestToken]) -> QuerySet[RequestToken]:
    # Threat: a subscription deleted along with its link, by a foreign key that cascades.
    relations: Any = RequestToken._meta.get_fields(include_hidden=True)
    for relation in relations:
        if relation.auto_created and not relation.concrete and relation.related_model is not RequestTokenLog:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            tokens = tokens.exclude(Exists(rows))
    return tokens


def _delete(keys: list[Any]) -> int:
    return RequestToken.objects.filter(pk__in=keys).delete()[1].get(RequestToken._meta.label, 0)

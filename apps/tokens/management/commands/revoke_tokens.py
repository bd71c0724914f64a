"""Withdraw many request tokens at once."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from ...models import RequestToken
from .explain_token import find_user


class Command(BaseCommand):
    help = "Revokes all tokens that match every option given. Their links die at once, wherever they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", metavar="USER", help="tokens that act for this user")
        parser.add_argument("--scope", help="tokens of this scope")
        parser.add_argument("--issued-before", metavar="TIME", help="such as 2030-12-31 or 2030-12-31T23:59")

    def handle(
        self, *args: Any, user: str | None, scope: str | None, issued_before: str | None, **options: Any
    ) -> None:
        if user is None and scope is None and issued_before is None:
            raise CommandError("Say which: --user USER, --scope SCOPE, --issued-before TIME, or several of them.")
        tokens = RequestToken.objects.all()
        if user is not None:
            tokens = tokens.filter(user=find_user(user))
        if scope is not None:
            tokens = tokens.filter(scope=scope)
        if issued_before is not None:
            tokens = tokens.filter(issued_at__lt=read_time(issued_before))
        self.stdout.write(f"Tokens revoked: {tokens.revoke()}.")


def read_time(text: str) -> datetime:
    """The moment, in the project's time zone unless the text names one. CommandError if it is not one."""
    try:
        day = parse_date(text)
        moment = parse_datetime(text) if day is None else datetime.combine(day, time())
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--issued-before must be a date or a time such as 2030-12-31T23:59, not {text}.")
    if settings.USE_TZ and timezone.is_naive(moment):
        return timezone.make_aware(moment)
    return timezone.make_naive(moment) if timezone.is_aware(moment) and not settings.USE_TZ else moment

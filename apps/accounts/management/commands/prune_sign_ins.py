from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.accounts.models import KnownBrowser, SignInRequest


class Command(BaseCommand):
    help = "Deletes who asked for sign-in links of more than a day ago, and browsers that were not seen for a year."

    def handle(self, *args: Any, **options: Any) -> None:
        # Links live for an hour at most. While a request is there, prune_request_tokens keeps its token.
        asked = SignInRequest.objects.filter(token__issued_at__lt=timezone.now() - timedelta(days=1)).delete()[0]
        seen = KnownBrowser.objects.filter(last_seen_at__lt=timezone.now() - timedelta(days=365)).delete()[0]
        self.stdout.write(f"Sign-in requests deleted: {asked}. Browsers deleted: {seen}.")

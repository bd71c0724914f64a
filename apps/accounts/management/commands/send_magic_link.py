from typing import Any

from django.core.mail.backends.console import EmailBackend
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import User
from apps.accounts.redirects import safe_path
from apps.accounts.services import login_mail
from apps.site.addresses import read_address


class Command(BaseCommand):
    help = "Make a sign-in link for a user and print the mail that carries it. Nothing is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the user's e-mail address")
        parser.add_argument("--next", default="", metavar="PATH", help="where to go then, such as /newsletter/")

    def handle(self, *args: Any, address: str, next: str, **options: Any) -> None:
        next_path = safe_path(next)
        if next and not next_path:
            raise CommandError("--next takes a path on this site, such as /newsletter/.")
        mail = login_mail(_find_user(address), next_path=next_path)
        EmailBackend(stream=self.stdout).send_messages([mail])


def _find_user(text: str) -> User:
    address = read_address(text)
    if not address:
        raise CommandError("That is not an email address. Enter one such as reader@example.com.")
    user = User.objects.filter(email=address).first()
    if user is None:
        raise CommandError(
            f"Nobody has an account with {address}. "
            "Sign up at /accounts/login/, or run: python manage.py createsuperuser"
        )
    if not user.is_active:
        raise CommandError(f"The account of {address} is closed. Tick “active” for it in the admin, then try again.")
    return user

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import asking, emails
from apps.accounts.models import SignInRequest, User
from apps.site.addresses import read_address
from apps.site.emails import MailNotSentError, absolute_url, deliver
from apps.site.redirects import safe_path


class Command(BaseCommand):
    help = "Send a user a sign-in link; or print it, as on a server whose email does not work yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the user's email address")
        parser.add_argument("--next", default="", metavar="PATH", help="where to go then, such as /newsletter/")
        parser.add_argument("--print", action="store_true", help="print the link and send nothing")

    def handle(self, *args: Any, address: str, next: str, **options: Any) -> None:
        next_path = safe_path(next)
        if next and not next_path:
            raise CommandError("--next takes a path on this site, such as /newsletter/.")
        user = _find_user(address)
        token = asking.login_token(user, next_path)
        if options["print"]:
            # Threat: a working link in the log of a terminal or of a CI job. It is shown on request only.
            self.stderr.write(f"Anybody who has this link is {user.email}. It works once, for a few minutes.")
            self.stdout.write(token.tokenise(absolute_url("accounts:login_link")))
            return
        try:
            deliver(emails.sign_in(SignInRequest(token=token)))
        except MailNotSentError:
            raise CommandError("The mail server did not take the email. To print the link instead: --print") from None
        self.stdout.write(f"Sent a sign-in link to {user.email}.")


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

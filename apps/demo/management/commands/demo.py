import errno
import os
import re
import socket
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.commands.runserver import naiveip_re
from django.urls import reverse

from apps.demo import cards, seed
from apps.tokens.conf import token_settings

DEFAULT_SITE_URL = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = "Sets up database, people and issues, prints a link for each login mode, and serves the site."
    # The database may be empty or missing; runserver checks again.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("addrport", nargs="?", default="8000", help="port or address:port; 8000 by default")
        parser.add_argument("--no-server", action="store_true", help="set up and print the links only")

    def handle(self, *args: Any, addrport: str, no_server: bool, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The demo gives everybody links that sign in, so it runs with DEBUG only. "
                "Write DEBUG=true into .local/.env, or export it."
            )
        address, port = _parse(addrport)
        # The autoreloader runs this command again in a child process, where all is prepared.
        if os.environ.get("RUN_MAIN") != "true":
            if not no_server:
                _check_port_is_free(address, port)
            _set_site_url(address, port)
            call_command("migrate", interactive=False, verbosity=0)
            seed.seed()
            self._print_links()
            self.stdout.flush()
        if not no_server:
            call_command("runserver", addrport)

    def _print_links(self) -> None:
        minutes = token_settings.REQUEST_TOKEN_EXPIRY
        site = settings.SITE_URL
        self.stdout.write(
            "\n"
            f"The demo is ready: {site}{reverse('demo:page')}\n"
            "\n"
            f"NONE     Member's invitation to subscribe     {site}{cards.affiliate_path()}\n"
            f"REQUEST  Reader's unsubscribe link            {site}{cards.unsubscribe_path()}\n"
            f"SESSION  Reader's sign-in link ({minutes} minutes)   {site}{cards.sign_in_path()}\n"
            "\n"
            f"Every email the site sends is at {site}{reverse('demo:mailbox')}\n"
        )
        if site != DEFAULT_SITE_URL:
            self.stdout.write(
                f"Commands in another terminal need the address for their emails: export SITE_URL={site}\n"
            )


def _parse(addrport: str) -> tuple[str, int]:
    match = re.match(naiveip_re, addrport)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise CommandError(f"{addrport!r} is not a port or address:port. Try: manage.py demo 8001")
    return match["addr"] or "127.0.0.1", int(match["port"])


def _check_port_is_free(address: str, port: int) -> None:
    family = socket.AF_INET6 if address.startswith("[") else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server itself does, or a port that was just closed would count as taken.
        # On Windows the option means something else: that two may share the port.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.strip("[]"), port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"{address}:{port} cannot be used: {error.strerror}.") from None
            raise CommandError(f"Port {port} is in use. Take another: python manage.py demo {port + 1}") from None


def _set_site_url(address: str, port: int) -> None:
    if os.environ.get("SITE_URL"):
        return
    host = "127.0.0.1" if address in ("0.0.0.0", "0", "[::]") else address  # noqa: S104
    settings.SITE_URL = f"http://{host}:{port}"
    # The process that serves is started with this environment and writes the links in the emails.
    os.environ["SITE_URL"] = settings.SITE_URL

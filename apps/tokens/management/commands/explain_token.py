"""Say what a link does, or why it does not."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...explain import explain


class Command(BaseCommand):
    help = (
        "Explains a link, a token without its link, or the id of a request token: what it is, which page it opens, and "
        "whether and why it would be refused. Uses nothing up. A link on a command line stays in the shell's history: "
        "write - and paste the link into standard input instead."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("link", metavar="LINK|JWT|ID", help="in quotation marks; or - to read it")
        parser.add_argument("--as", dest="visitor", metavar="USER", help="who is signed in while opening the link")

    def handle(self, *args: Any, link: str, visitor: str | None, **options: Any) -> None:
        text = input() if link == "-" else link
        explanation = explain(text, visitor=None if visitor is None else find_user(visitor))
        for step in explanation.steps:
            self.stdout.write(f"{step.question} {step.answer}", self.style.ERROR if step.is_refusal else None)
        self.stdout.write(explanation.verdict)


def find_user(name: str) -> Any:
    """The user who signs in by this name. CommandError if there is none."""
    model = get_user_model()
    try:
        return model._default_manager.get_by_natural_key(name)
    except model.DoesNotExist:
        raise CommandError(f"There is no user “{name}”.") from None

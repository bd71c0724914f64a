"""
The emails of a development site, kept as files so that a page can show them, those that workers sent too.

The one place where a working link is stored: the folder is for the owner of the site's process alone, git ignores it,
startproject leaves it out because its name begins with a dot, and the pages exist with DEBUG only.
"""

import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import console

KEPT = 200
NAME = re.compile(r"\d{20}-[0-9a-f]{8}")
# The people of the laboratory: what is written to them is for nobody to read. RFC 2606 reserves the name.
NOWHERE = "@laboratory.invalid"
LINK = re.compile(r"https?://[^\s<>\"]+")


class MailboxBackend(console.EmailBackend):
    """Puts each email into the mailbox and prints its text, not the HTML, to the console."""

    def write_message(self, message: EmailMessage) -> None:
        if all(address.endswith(NOWHERE) for address in message.recipients()):
            return
        stored = store(message)
        self.stream.write(f"To: {stored.headers['To']}\nSubject: {stored.headers['Subject']}\n")
        # Not of an issue: it goes to many, and what somebody waits for would be lost among its copies.
        if "List-Unsubscribe" not in stored.headers:
            self.stream.write(f"\n{stored.text}\n")
        self.stream.write("-" * 79 + "\n")


@dataclass(frozen=True)
class StoredEmail:
    """An email as it would have gone out."""

    name: str
    source: bytes

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(int(self.name.partition("-")[0]) / 1e9, tz=timezone.utc)

    @property
    def headers(self) -> dict[str, str]:
        return {name: str(value) for name, value in self._message.items()}

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part; empty where there is none."""
        return self._part("html")

    @property
    def links(self) -> list[str]:
        """The links of the text, in order, each once."""
        return list(dict.fromkeys(LINK.findall(self.text)))

    @cached_property
    def _message(self) -> ParsedMessage:
        return message_from_bytes(self.source, policy=policy.default)

    def _part(self, kind: str) -> str:
        part = self._message.get_body((kind,))
        return "" if part is None else str(part.get_content())


def store(message: EmailMessage) -> StoredEmail:
    """Keeps the email, and of all others the newest."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # In the order of time, and different even for two processes in one nanosecond.
    email = StoredEmail(f"{time.time_ns():020}-{secrets.token_hex(4)}", message.message().as_bytes())
    # A page that is loaded meanwhile must not find half of it.
    unfinished = folder / f"{email.name}.part"
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(email.source)
    unfinished.rename(folder / f"{email.name}.eml")
    for old in _names()[KEPT:]:
        (folder / f"{old}.eml").unlink(missing_ok=True)
    return email


def newest_first() -> Iterator[StoredEmail]:
    """Every email that is kept."""
    for name in _names():
        email = find(name)
        if email is not None:
            yield email


def find(name: str) -> StoredEmail | None:
    """The email of that name; None where there is none."""
    # Threat: a name that leads out of the folder.
    if not NAME.fullmatch(name):
        return None
    try:
        return StoredEmail(name, (_folder() / f"{name}.eml").read_bytes())
    except FileNotFoundError:
        return None


def _names() -> list[str]:
    return sorted((path.stem for path in _folder().glob("*.eml") if NAME.fullmatch(path.stem)), reverse=True)


def _folder() -> Path:
    folder: Any = settings.DEMO_MAILBOX_DIR
    return Path(folder)

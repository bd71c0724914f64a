"""A received email read leniently: what is broken in it is for the requirements to find, not a reason to stop."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from html.parser import HTMLParser


class NoMessageError(Exception):
    """The bytes are not an email."""


class ReceivedMessage:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        try:
            self._message = message_from_bytes(raw)
            self.text = _body(self._message, "text/plain")
            self.html = _body(self._message, "text/html")
        except RecursionError:
            raise NoMessageError("its parts are nested too deep") from None
        if not self._message.keys():
            raise NoMessageError("it begins with no header")

    def values(self, name: str) -> list[str]:
        """The headers of that name as they were sent: unfolded, not decoded."""
        return [value for key, value in self._headers() if key.lower() == name.lower()]

    def names(self, prefix: str) -> set[str]:
        return {key for key, _value in self._headers() if key.lower().startswith(prefix.lower())}

    def longest_line(self) -> int:
        return max(len(line.rstrip(b"\r")) for line in self.raw.split(b"\n"))

    def links_in_html(self) -> dict[str, str]:
        """Addresses and the words one clicks on to get there."""
        parser = _LinkParser()
        try:
            parser.feed(self.html or "")
            parser.close()
        except AssertionError:  # a declaration that Python's parser gives up on
            pass
        return parser.links

    def _headers(self) -> Iterator[tuple[str, str]]:
        for key, value in self._message.raw_items():
            yield key, re.sub(r"\r?\n(?=[ \t])", "", str(value)).strip()


class _LinkParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = dict(attrs).get("href") or ""
            self.links.setdefault(self._open, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.links[self._open] += data.strip()


def _body(message: Message, content_type: str) -> str | None:
    """The first part of that type that is not an attachment."""
    for part in message.walk():
        if part.get_content_type() != content_type or part.get_content_disposition() == "attachment":
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            return _decode(payload, part.get_content_charset("utf-8"))
    return None


def _decode(payload: bytes, charset: str) -> str:
    try:
        return payload.decode(charset, "replace")
    except (LookupError, ValueError):  # a charset nobody knows, or none of text
        return payload.decode("utf-8", "replace")

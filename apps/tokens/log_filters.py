"""No token in a log: anybody who reads one there could use it. A filter for LOGGING; README.md has the lines."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured

from .conf import token_settings

HIDDEN = "***"

# Both kinds by their shape, wherever they stand. Repetitions have an end, or a line of a megabyte would take minutes.
JWT = r"eyJ[\w-]{1,4096}\.eyJ[\w-]{0,4096}\.[\w-]{0,4096}"
# The time of issue in base 62, which begins with 1 to 4 until 2114, a grant, and 43 characters of signature.
ACCESS_GRANT = r"(?:(?<![\w.~-])|(?<=\\n))[1-4][0-9A-Za-z]{5}[\w~]{0,200}[.-][\w.~-]{0,4096}[\w-]{42}[AEIMQUYcgkosw048]"

# A quotation mark as text, in repr(), JSON and HTML.
QUOTE = r"""(?:\\?["']|&quot;|&\#x?\d+;)"""
# Where a parameter begins in a URL, in HTML and in JSON within HTML.
BEGIN = r"(?:[?&;]|\\u0026|\\x26)"

# A run of text with a percent sign in it, which may hide anything.
ENCODED = re.compile(r"""[^\s"'<>%]*%[^\s"'<>]*""")


class HideTokens(logging.Filter):
    """
    Writes ``***`` for the value of a token parameter and for anything that looks like a token.

    In the message, the traceback and the stack alike: attach it to every handler, not to a logger, which filters only
    what is logged to itself.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        message = _message_of(record)
        hidden = hide_tokens(message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            # Formatters write exc_text where there is one, and format exc_info, which nobody has filtered, where not.
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = hide_tokens(record.exc_text)
        if record.stack_info:
            record.stack_info = hide_tokens(record.stack_info)
        return True


def hide_tokens(text: str) -> str:
    """The text with ``***`` in place of every token."""
    pattern = _pattern(*_read_parameters())
    text = pattern.sub(_hide_one, text)
    if "%" not in text:
        return text

    def hide_encoded(match: re.Match[str]) -> str:
        # Threat: a parameter "%61t", a dot "%2E", an address within an address. What a browser would decode is
        # decoded here, twice, to be looked at; it is never written, for it may hold a line break.
        run = match[0]
        if pattern.search(unquote(unquote(run))) is None:
            return run
        return re.split(r"[?%]", run, maxsplit=1)[0] + HIDDEN

    return ENCODED.sub(hide_encoded, text)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # placeholders and arguments that do not fit: no reason to lose the line, nor to print them bare
        record.msg, record.args = f"{record.msg} {record.args!r}", ()
        return record.getMessage()


def _hide_one(match: re.Match[str]) -> str:
    return (match["parameter"] or match["item"] or "") + HIDDEN


@lru_cache
def _pattern(*names: str) -> re.Pattern[str]:
    name = f"(?:{'|'.join(names)})"
    # In a query string any value is hidden. Elsewhere "at" is a word like others: what it stands for must be long.
    parameter = rf"(?P<parameter>{BEGIN}{name}=)(?!\*)[^&\s\"'#<>]+"
    item = rf"(?P<item>(?<![\w-]){name}(?:=|{QUOTE}\s*[:,]\s*[\[(]*[bu]?{QUOTE}))[\w.~%-]" + "{16,}"
    return re.compile(rf"{parameter}|{item}|{JWT}|{ACCESS_GRANT}")


def _read_parameters() -> tuple[str, ...]:
    # A bad name is reported by a system check; it must not cost a log line.
    try:
        return token_settings.REQUEST_TOKEN_QUERYSTRING, token_settings.ACCESS_TOKEN_QUERYSTRING
    except ImproperlyConfigured:
        return "rt", "at"

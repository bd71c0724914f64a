"""
The requirements, in the order in which they are printed.

RFC 8058 (one-click), RFC 2369 and 2919 (list headers), RFC 5322 (the message itself), RFC 6376 (DKIM), and what the
large mailbox providers ask of bulk senders. No signature is verified: that takes the sender's DNS.
"""

import re
from collections.abc import Callable
from email.utils import getaddresses, parsedate_to_datetime
from typing import NamedTuple

from apps.mailing.inspection import dkim
from apps.mailing.inspection.message import ReceivedMessage

LONGEST_LINE = 998
ONE_CLICK = "List-Unsubscribe=One-Click"


class Result(NamedTuple):
    requirement: str
    problem: str
    """Empty when the requirement is met."""


def inspect(message: ReceivedMessage) -> list[Result]:
    """Every requirement, and what is wrong with it."""
    return [Result(requirement, problem_of(message)) for requirement, problem_of in REQUIREMENTS]


def _unsubscribe_once(message: ReceivedMessage) -> str:
    return _once(message, "List-Unsubscribe")


def _unsubscribe_uri(message: ReceivedMessage) -> str:
    for value in message.values("List-Unsubscribe"):
        if not re.fullmatch(r"<[^<>\s]+>(\s*,\s*<[^<>\s]+>)*", value):
            return "it is not a list of addresses in angle brackets"
    addresses = _addresses(message)
    https = [address for address in addresses if address.lower().startswith("https://")]
    if len(https) != 1:
        return f"it has {len(https)} https addresses"
    others = [address for address in addresses if not address.lower().startswith(("https://", "mailto:"))]
    return "beside https it may only have mailto" if others else ""


def _one_click(message: ReceivedMessage) -> str:
    values = message.values("List-Unsubscribe-Post")
    return _once(message, "List-Unsubscribe-Post") or ("" if values == [ONE_CLICK] else "it says something else")


def _unencoded(message: ReceivedMessage) -> str:
    encoded = [name for name in sorted(message.names("List-")) if any("=?" in value for value in message.values(name))]
    return f"encoded: {', '.join(encoded)}" if encoded else ""


def _list_id(message: ReceivedMessage) -> str:
    missing = _once(message, "List-Id")
    if missing or re.search(r"<[\w-]+(\.[\w-]+)+>$", message.values("List-Id")[0], re.ASCII):
        return missing
    return "it does not end with a name such as <news.example.com>"


def _message_id(message: ReceivedMessage) -> str:
    missing = _once(message, "Message-ID")
    if missing or re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", message.values("Message-ID")[0]):
        return missing
    return "it is not of the form <left@right>"


def _date(message: ReceivedMessage) -> str:
    missing = _once(message, "Date")
    if missing:
        return missing
    try:
        parsedate_to_datetime(message.values("Date")[0])
    except (TypeError, ValueError, OverflowError):
        return "it is not a date"
    return ""


def _from(message: ReceivedMessage) -> str:
    missing = _once(message, "From")
    if missing or len(_sender_domains(message)) == 1:
        return missing
    return "it does not have one address"


def _text_link(message: ReceivedMessage) -> str:
    if message.text is None:
        return "there is no text part"
    links = [link.rstrip(".,;>)") for link in re.findall(r"https?://\S+", message.text)]
    return "" if set(links) & set(_addresses(message)) else "the address of List-Unsubscribe is not in it"


def _html_link(message: ReceivedMessage) -> str:
    if message.html is None:
        return "there is no HTML part"
    found = [words for link, words in message.links_in_html().items() if link in _addresses(message)]
    if not found:
        return "the address of List-Unsubscribe is not in it"
    return "" if any(found) else "the link has no words to click on"


def _line_length(message: ReceivedMessage) -> str:
    longest = message.longest_line()
    return f"the longest has {longest}" if longest > LONGEST_LINE else ""


def _signed(message: ReceivedMessage) -> str:
    return "" if message.values("DKIM-Signature") else "there is none"


def _signature_covers(message: ReceivedMessage) -> str:
    missing = [dkim.uncovered(signature) for signature in _signatures(message)]
    if not missing:
        return "there is none"
    fewest = min(missing, key=len)
    return f"not in h=: {', '.join(fewest)}" if fewest else ""


def _aligned(message: ReceivedMessage) -> str:
    signers = [signature.get("d", "").lower() for signature in _signatures(message) if not dkim.uncovered(signature)]
    domains = _sender_domains(message)
    if any(all(dkim.is_aligned(signer, domain) for domain in domains) for signer in signers if domains):
        return ""
    return f"signed by {', '.join(signers)}" if signers else "no signature covers the headers above"


REQUIREMENTS: list[tuple[str, Callable[[ReceivedMessage], str]]] = [
    ("List-Unsubscribe is there once", _unsubscribe_once),
    ("List-Unsubscribe has one https address in angle brackets", _unsubscribe_uri),
    (f"List-Unsubscribe-Post is there once and says {ONE_CLICK}", _one_click),
    ("No List- header is encoded (=?)", _unencoded),
    ("List-Id is there once and names the list", _list_id),
    ("Message-ID is there once", _message_id),
    ("Date is there once and is a date", _date),
    ("From is there once and has one address", _from),
    ("There is a text part", lambda message: "" if message.text else "it is missing or empty"),
    ("There is an HTML part", lambda message: "" if message.html else "it is missing or empty"),
    ("The text part has the unsubscribe link", _text_link),
    ("The HTML part has the unsubscribe link, with words to click on", _html_link),
    (f"No line is longer than {LONGEST_LINE} bytes", _line_length),
    ("DKIM-Signature is there", _signed),
    (f"A DKIM-Signature covers {', '.join(dkim.COVERED)}", _signature_covers),
    ("That signature is by the domain of From, or above or below it", _aligned),
]


def _once(message: ReceivedMessage, name: str) -> str:
    count = len(message.values(name))
    return "" if count == 1 else "it is missing" if count == 0 else f"it is there {count} times"


def _addresses(message: ReceivedMessage) -> list[str]:
    return [address for value in message.values("List-Unsubscribe") for address in re.findall(r"<([^<>]*)>", value)]


def _sender_domains(message: ReceivedMessage) -> list[str]:
    addresses = [address for _name, address in getaddresses(message.values("From"))]
    return [address.rpartition("@")[2].lower() for address in addresses if "@" in address]


def _signatures(message: ReceivedMessage) -> list[dict[str, str]]:
    return [dkim.tags(value) for value in message.values("DKIM-Signature")]

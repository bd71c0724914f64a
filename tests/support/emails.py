"""Read an email as its recipient gets it: from the bytes that were sent."""

import re
from email import message_from_bytes, policy
from html import unescape
from urllib.parse import urlsplit


def received(mail):
    return message_from_bytes(mail.message().as_bytes(), policy=policy.default)


def text_of(mail):
    return received(mail).get_body(["plain"]).get_content()


def html_of(mail):
    return received(mail).get_body(["html"]).get_content()


def link_in_text(mail, path):
    """The one link to that path in the text part, as path and query."""
    return _only(re.findall(r"https://\S+", text_of(mail)), path)


def link_in_html(mail, path):
    """The one link to that path in the HTML part, as path and query."""
    return _only([unescape(href) for href in re.findall(r'href="([^"]+)"', html_of(mail))], path)


def _only(links, path):
    [link] = {link for link in links if urlsplit(link).path == path}
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}" == "https://latchkey.example"
    return f"{parts.path}?{parts.query}"

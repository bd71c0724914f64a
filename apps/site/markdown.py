"""The text of an issue as HTML: the same on its page, in a preview and in the email."""

import math
import re

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

# What works in an email as it does on the page, so no relative address; and nothing that runs.
LINKS = re.compile(r"(https?://|mailto:)[^\s]", re.IGNORECASE)


def render(text: str) -> SafeString:
    """CommonMark without raw HTML, which is shown as the text it is."""
    html: str = MARKDOWN.render(text)
    return mark_safe(html)  # noqa: S308  # html=False: every tag in it is one of the renderer's


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  the library's name
        # Threat: javascript: and its relatives. What does not match stays text.
        return LINKS.match(url) is not None


def _build() -> MarkdownIt:
    markdown = _Markdown("commonmark", {"html": False})
    markdown.core.ruler.push("one_h1", _lower_headings)
    return markdown


def _lower_headings(state: StateCore) -> None:
    # The title of the issue is the one h1 of the page.
    for token in state.tokens:
        if token.tag == "h1":
            token.tag = "h2"


MARKDOWN = _build()


def reading_minutes(text: str) -> int:
    """How long it takes at 200 words a minute, rounded up."""
    return max(1, math.ceil(len(text.split()) / 200))

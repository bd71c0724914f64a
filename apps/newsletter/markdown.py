"""The text of an issue as HTML: the same on its page, in a preview and in the mail."""

import re

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

# What works in a mail as it does on the page, so no relative address; and nothing that runs.
LINKS = re.compile(r"(https?://|mailto:)[^\s]", re.IGNORECASE)


def render(text: str) -> SafeString:
    """CommonMark without raw HTML, which is shown as the text it is."""
    return mark_safe(MARKDOWN.render(text))  # noqa: S308  # html=False: every tag in it is one of the renderer's


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False})
    # Threat: javascript: and its relatives. What does not match stays text.
    markdown.validateLink = lambda url: LINKS.match(url) is not None
    markdown.core.ruler.push("one_h1", _lower_headings)
    return markdown


def _lower_headings(state: StateCore) -> None:
    # The title of the issue is the one h1 of the page.
    for token in state.tokens:
        if token.tag == "h1":
            token.tag = "h2"


MARKDOWN = _build()

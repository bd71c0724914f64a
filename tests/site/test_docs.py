"""The documents can be found, and what they refer to is there."""

import re

import pytest

from tests.support.project import ROOT

DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / "README.md", ROOT / "apps" / "tokens" / "README.md", *DOCS.glob("*.md")]


def test_the_index_lists_every_document_once_with_one_line():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\* \[(.+\.md)\]\((.+)\): \S.*$", index, re.MULTILINE)

    names = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path.name != "README.md"]
    assert sorted(listed) == sorted((name, name) for name in names)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_document_leads_somewhere(document):
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]+))?\)", text)

    broken = [(path, heading) for path, heading in links if not leads_somewhere(document, path, heading)]

    assert broken == []


def leads_somewhere(document, path, heading):
    target = document.parent / path if path else document
    return target.exists() and (not heading or heading in anchors_of(target))


def anchors_of(document):
    """The names that code hosts give to headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

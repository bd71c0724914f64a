"""Every page without an argument, and what it owes to everybody, as a list of what is wrong with it."""

import re
from html.parser import HTMLParser

from django.conf import settings
from django.urls import URLPattern, get_resolver


def addresses(resolver, prefix="/"):
    """Every address of the site that takes no argument, the admin's excepted."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if "<" in path or path.startswith("/admin/"):
            continue
        if isinstance(pattern, URLPattern):
            yield path
        else:
            yield from addresses(pattern, path)


ADDRESSES = sorted(addresses(get_resolver()))


class Page(HTMLParser):
    """The elements of a page, in order, and what it is called."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.title, self._in_title = [], "", False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._in_title = tag == "title"

    def handle_data(self, data):
        if self._in_title:
            self.title += data
            self._in_title = False

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]

    def problems(self):
        """Everything that is wrong with this page; an empty list is a good one."""
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        controls = [a for a in self.all("input", "select", "textarea") if a.get("type") not in ("hidden", "submit")]
        labelled = {label.get("for") for label in self.all("label")}
        described = " ".join(attributes.get("aria-describedby") or "" for _, attributes in self.elements).split()
        links = self.all("a")
        found = {
            "no language": not self.all("html")[0].get("lang"),
            "title": not re.fullmatch(rf"\S.* - {re.escape(settings.SITE_NAME)}", self.title),
            "not one h1": len(self.all("h1")) != 1,
            "not one main": len(self.all("main")) != 1,
            "no skip link first": not links or links[0].get("href") != "#content" or "content" not in ids,
            "no viewport": not any(meta.get("name") == "viewport" for meta in self.all("meta")),
            "id twice": len(ids) != len(set(ids)),
            "control without label": any(control.get("id") not in labelled for control in controls),
            "described by nothing": not set(described) <= set(ids),
            "link to nowhere": any(
                not link.get("href") or (link["href"].startswith("#") and link["href"][1:] not in ids) for link in links
            ),
            "form to nowhere": any(form.get("action") == "" for form in self.all("form")),
            "picture without words": any("alt" not in image for image in self.all("img")),
            "script": bool(self.all("script")) or any(name.startswith("on") for _, a in self.elements for name in a),
        }
        return [problem for problem, is_there in found.items() if is_there]


def problems_of(answer):
    """Redirects and refused methods have no page to look at, nor has an answer that is text, JSON or a file."""
    is_page = answer.headers.get("Content-Type", "").startswith("text/html") and b"<html" in answer.getvalue()[:1000]
    return [] if answer.status_code in (302, 303, 405) or not is_page else Page(answer.content.decode()).problems()


def looked_up_in_vain(caplog):
    """What Django's templates have logged: a variable that is not there, with the request's address, token and all."""
    return [record.getMessage() for record in caplog.records if record.name == "django.template"]

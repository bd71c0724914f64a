"""What is wrong with the page a browser shows, as a list of sentences."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# WCAG 2.2 at its levels A and AA, and what axe's authors hold for good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Given to the browser from outside, as its developer tools are: the site's CSP stays what it is.
RUN_AXE = """
async (options) => {
  const { violations } = await axe.run(document, options);
  return violations.flatMap((rule) => rule.nodes.map((node) => [rule.id, node.target.join(" "), node.failureSummary]));
}
"""

# What sticks out of a window without a scroll bar of its own to reach it.
FIND_OVERFLOW = """
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1);
  return wide.slice(-3).map((e) => e.outerHTML.slice(0, 80));
}
"""


@cache
def read_axe():
    package = Path(find_spec("axe_playwright_python").origin).parent
    return (package / "axe.min.js").read_text(encoding="utf-8")


# What Django's own templates of the admin do against the rules: the filters beside a list stand close, the field of the
# search has a title for a label, a link in a line of text has no line under it, the sign-in page has no heading, and of
# a date and its time, in a form, each has its name beside it and no label.
DJANGOS_OWN = {"target-size", "label-title-only", "link-in-text-block", "page-has-heading-one"}


def find_faults(page, seen, *, leave_out=()):
    """axe in both color schemes, and what sticks out; nothing for a page that is in ``seen``, which it joins."""
    state = (name_state(page), page.viewport_size["width"])
    if state in seen:
        return []
    seen.add(state)
    faults = [f"sticks out: {html}" for html in page.evaluate(FIND_OVERFLOW)]
    page.evaluate(read_axe())
    if state[0].startswith("/admin/"):
        leave_out = DJANGOS_OWN | ({"label"} if "/add/" in state[0] else set())
    faults += run_axe(page, {"type": "tag", "values": TAGS}, leave_out=leave_out)
    is_dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    schemes = ("light", "dark") if is_dark else ("dark", "light")
    page.emulate_media(color_scheme=schemes[0])
    # The admin fades from one color to the other, whatever a person prefers; half-way would be measured.
    page.evaluate("() => document.getAnimations().forEach((animation) => animation.finish())")
    faults += [f"{fault} ({schemes[0]})" for fault in run_axe(page, {"type": "rule", "values": ["color-contrast"]})]
    page.emulate_media(color_scheme=schemes[1])
    return [f"{state[0]} at {state[1]} px: {fault}" for fault in faults]


def run_axe(page, rules, *, leave_out=()):
    # The stylesheets are the site's own and are there already: none to be fetched.
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    options["rules"] = {rule: {"enabled": False} for rule in leave_out}
    return [f"{rule}: {target}: {why}" for rule, target, why in page.evaluate(RUN_AXE, options)]


def name_state(page):
    """The page's address, without what is different each time, and its heading."""
    path = re.sub(r"\d{20}-[0-9a-f]{8}|\b\d+\b", "N", page.url.partition("?")[0].partition("#")[0].split("/", 3)[-1])
    heading = page.evaluate("() => (document.querySelector('main h1') || document.querySelector('h1'))?.innerText")
    return f"/{path} ({heading})"

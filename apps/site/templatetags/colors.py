"""The colors of the stylesheet where no stylesheet reaches: in emails, and in what a page tells the browser."""

import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders

register = template.Library()

COLOR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")


@register.simple_tag
def color(name: str, scheme: str = "light") -> str:
    """The color of that name in static/css/colors.css, in the light or the dark."""
    return palette(scheme)[name]


@cache
def palette(scheme: str) -> dict[str, str]:
    """All colors of a scheme, "light" or "dark", by name."""
    found = finders.find("css/colors.css")
    lines = COLOR.findall(Path(str(found)).read_text(encoding="utf-8"))
    return {name: {"light": light, "dark": dark}[scheme] for name, light, dark in lines}

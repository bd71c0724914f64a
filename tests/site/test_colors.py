"""One file holds the colors, and what is written in them can be read."""

import re

import pytest

from apps.site.emails import text_email
from apps.site.templatetags import colors
from apps.site.templatetags.colors import palette
from tests.support.project import ROOT

COLORS = ROOT / "static/css/colors.css"
# As values of CSS: in hexadecimal, by a function, or by name.
LITERAL = re.compile(
    r"(?<![\w&])#[0-9a-f]{3,8}\b"
    r"|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color|color-mix)a?\("
    r"|[:\s](?:white|black|gr[ae]y|silver|red|green|blue|navy|teal|yellow|orange|purple|pink|brown|beige|ivory)[;\s\"]",
    re.IGNORECASE,
)
# A picture cannot ask a stylesheet.
PICTURES = {"static/favicon.svg"}


def css_of(path):
    """Of a stylesheet all, of a template what is CSS in it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    inside = r"<style.*?</style>|style=\"[^\"]*\"|<meta [^>]*>|<svg.*?</svg>|(?:bgcolor|color|fill|stroke)=\"[^\"]*\""
    return "\n".join(re.findall(inside, text, re.DOTALL))


def places():
    folders = [ROOT / "templates", ROOT / "static", *ROOT.glob("apps/*/templates"), *ROOT.glob("apps/*/static")]
    found = {path for folder in folders for suffix in ("css", "html", "svg") for path in folder.rglob(f"*.{suffix}")}
    return sorted(path for path in found - {COLORS} if path.relative_to(ROOT).as_posix() not in PICTURES)


@pytest.mark.parametrize("path", places(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_color_is_written_in_a_second_place(path):
    assert LITERAL.findall(css_of(path)) == []


@pytest.mark.parametrize(
    "text",
    [
        "a { color: #0e5a45; }",
        "a { color: #FFF }",
        "a { background: rgb(0 0 0 / 50%); }",
        "a { border: 1px solid black; }",
    ],
)
def test_a_color_in_a_second_place_would_be_found(text):
    assert LITERAL.search(text)


@pytest.mark.parametrize("text", ["[href='#main']", "color: var(--ink);", "white-space: pre;", "&#039;"])
def test_what_only_looks_like_a_color_is_left_alone(text):
    assert not LITERAL.search(text)


@pytest.fixture
def own_colors(settings, tmp_path):
    """The file with another accent, of an owner who has changed one line."""
    changed = COLORS.read_text(encoding="utf-8").replace(palette("light")["accent"], "#123456")
    (tmp_path / "css").mkdir()
    (tmp_path / "css/colors.css").write_text(changed, encoding="utf-8")
    settings.STATICFILES_DIRS = [tmp_path]
    colors.finders.get_finder.cache_clear()
    palette.cache_clear()
    yield
    settings.STATICFILES_DIRS = []
    colors.finders.get_finder.cache_clear()
    palette.cache_clear()


def test_an_email_takes_its_colors_from_the_file(own_colors):
    email = text_email(
        "newsletter/mail/confirm", subject="Confirm", to="reader@example.com", link="https://example.com/", hours=48
    )

    [html] = [body for body, kind in email.alternatives if kind == "text/html"]
    assert html.count("#123456") >= 3
    assert "#0e5a45" not in html


def test_a_page_tells_the_browser_the_color_of_its_paper(client, db):
    page = client.get("/").content.decode()

    told = re.findall(r'<meta name="theme-color" content="(.*?)" media="\(prefers-color-scheme: (\w+)\)">', page)
    assert told == [(palette(scheme)["paper"], scheme) for scheme in ("light", "dark")]


def luminance(color):
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """WCAG 2.2, contrast ratio."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_of_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("ink", "sheet"),
        ("ink", "wash"),
        ("ink", "alarm-wash"),
        ("quiet", "paper"),
        ("quiet", "sheet"),
        ("accent", "paper"),
        ("accent", "sheet"),
        ("accent", "wash"),
        ("accent-strong", "paper"),
        ("accent-strong", "wash"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("alarm", "paper"),
        ("alarm", "alarm-wash"),
    ],
)
def test_text_can_be_read(theme, text, ground):
    colors = palette(theme)

    assert contrast(colors[text], colors[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("edge", "ground"),
    [("edge", "paper"), ("edge", "sheet"), ("accent", "paper"), ("accent", "sheet"), ("alarm", "paper")],
)
def test_edges_and_focus_can_be_seen(theme, edge, ground):
    colors = palette(theme)

    assert contrast(colors[edge], colors[ground]) >= 3

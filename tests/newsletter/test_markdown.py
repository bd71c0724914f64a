import pytest

from apps.site.markdown import render
from tests.newsletter.factories import PublishedIssueFactory


def test_paragraphs_stress_lists_quotes_and_links_become_html():
    html = render("One *two* **three**\n\n- four\n\n> five\n\n[six](https://example.com/?a=1&b=2)")

    assert html == (
        "<p>One <em>two</em> <strong>three</strong></p>\n"
        "<ul>\n<li>four</li>\n</ul>\n"
        "<blockquote>\n<p>five</p>\n</blockquote>\n"
        '<p><a href="https://example.com/?a=1&amp;b=2">six</a></p>\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "Text <img src=x onerror=alert(1)>",
        "<div onclick=alert(1)>\n\ntext\n\n</div>",
        "<!-- comment -->",
        "a & b < c",
    ],
)
def test_html_is_shown_as_the_text_it_is(text):
    html = render(text)

    assert set(html.replace("<p>", "").replace("</p>", "")) & {"<", ">"} == set()


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "&Tab;javascript:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "//evil.example/",
        "/relative/",
        "relative",
        "#fragment",
        "https:",
        "https//example.com",
    ],
)
@pytest.mark.parametrize("form", ["[x]({})", "![x]({})", "<{}>", "[x]\n\n[x]: {}"])
def test_links_and_pictures_lead_to_the_web_or_to_an_address_and_nowhere_else(form, address):
    html = render(form.format(address))

    assert "href" not in html
    assert "src" not in html


@pytest.mark.parametrize(
    "address", ["https://example.com/", "http://example.com/", "HTTPS://example.com/", "mailto:a@example.com"]
)
def test_links_to_the_web_and_to_an_address_work(address):
    assert f'href="{address}"' in render(f"[x]({address})")


def test_a_heading_never_competes_with_the_title_of_the_page():
    assert render("# One\n\n## Two\n\n### Three") == "<h2>One</h2>\n<h2>Two</h2>\n<h3>Three</h3>\n"


def test_quotes_in_a_title_stay_inside_their_attribute():
    html = render('[x](https://example.com "a\\" onclick=\\"b")')

    assert html == '<p><a href="https://example.com" title="a&quot; onclick=&quot;b">x</a></p>\n'


@pytest.mark.django_db
def test_the_page_of_an_issue_shows_its_markdown_as_html(client):
    issue = PublishedIssueFactory(body="One *two* <b>three</b>")

    page = client.get(issue.get_absolute_url()).text

    assert "<p>One <em>two</em> &lt;b&gt;three&lt;/b&gt;</p>" in page

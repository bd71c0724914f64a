import pytest

from ..links import add_token, remove_token

URLS = [
    ("/path/", "/path/?rt=TOKEN"),
    ("/path/?", "/path/?rt=TOKEN"),
    ("/path/?a=1&b=2", "/path/?a=1&b=2&rt=TOKEN"),
    ("/path/?blank=&flag", "/path/?blank=&flag&rt=TOKEN"),
    ("/path/?a=1&a=2", "/path/?a=1&a=2&rt=TOKEN"),
    ("/path/?q=a%20b+c;d&x=%FF", "/path/?q=a%20b+c;d&x=%FF&rt=TOKEN"),
    ("/path/?rt=OLD&a=1", "/path/?a=1&rt=TOKEN"),
    ("/path/?%72t=OLD", "/path/?rt=TOKEN"),
    ("/path/?start=1", "/path/?start=1&rt=TOKEN"),
    ("/path/?a=1&&b=2&", "/path/?a=1&&b=2&&rt=TOKEN"),
    ("/path/#part", "/path/?rt=TOKEN#part"),
    ("/path/?a=1#part?rt=x", "/path/?a=1&rt=TOKEN#part?rt=x"),
    ("https://example.com/path;v=1/?a=1", "https://example.com/path;v=1/?a=1&rt=TOKEN"),
    ("", "?rt=TOKEN"),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_a_token_is_added_and_all_else_is_kept(url, expected):
    assert add_token(url, "TOKEN") == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/path/?rt=TOKEN", "/path/"),
        ("/path/?a=1&rt=TOKEN&b=#part", "/path/?a=1&b=#part"),
        ("/path/?rt=ONE&rt=TWO", "/path/"),
        ("/path/", "/path/"),
    ],
)
def test_a_token_is_removed_and_all_else_is_kept(url, expected):
    assert remove_token(url) == expected


def test_the_parameter_has_the_name_that_the_settings_say(settings):
    settings.REQUEST_TOKEN_QUERYSTRING = "ticket"

    assert add_token("/path/?rt=1", "TOKEN") == "/path/?rt=1&ticket=TOKEN"

import logging

import pytest

from apps.tokens.log_filters import HideTokens

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJqdGkiOiI3In0.c2lnbmF0dXJl"


def write(message, *args):
    """The line as it would be written."""
    record = logging.LogRecord("django.server", logging.INFO, __file__, 1, message, args, None)
    assert HideTokens().filter(record)
    return logging.Formatter().format(record)


def test_an_access_line_does_not_show_the_token():
    line = write('"%s" %s %s', f"GET /newsletter/?a=1&rt={JWT}&b=2 HTTP/1.1", "200", "99")

    assert line == '"GET /newsletter/?a=1&rt=***&b=2 HTTP/1.1" 200 99'


@pytest.mark.parametrize(
    "message", [f"token {JWT} refused", f"/?next=/x%3Frt%3D{JWT}", f"cookie: {JWT[:80]}", f"{JWT}."]
)
def test_a_token_is_hidden_wherever_it_stands(message):
    line = write(message)

    assert "***" in line
    assert "eyJ" not in line


@pytest.mark.parametrize("name", ["REQUEST_TOKEN_QUERYSTRING", "ACCESS_TOKEN_QUERYSTRING"])
def test_the_parameter_is_hidden_whatever_it_is_called_and_whatever_is_in_it(settings, name):
    setattr(settings, name, "key")

    assert write("GET /?a=1&key=half-a-token&b=2") == "GET /?a=1&key=***&b=2"


@pytest.mark.parametrize("end", ['"', "'", "#part", "&b=2", " HTTP/1.1"])
def test_what_stands_behind_a_token_is_left_alone(end):
    assert write(f"GET /?at=W10:1vabc:sig-nature{end}") == f"GET /?at=***{end}"


def test_an_access_token_is_hidden():
    assert write("GET /?at=W10:1vabc:sig-nature HTTP/1.1") == "GET /?at=*** HTTP/1.1"


def test_a_bad_parameter_name_does_not_cost_the_line(settings):
    settings.REQUEST_TOKEN_QUERYSTRING = "not a name"

    assert write(f"GET /?rt={JWT}") == "GET /?rt=***"


def test_other_lines_are_left_alone():
    assert write("GET /?sort=%s&start=2", "a") == "GET /?sort=a&start=2"

import io
import logging
import time

import pytest

from ..log_filters import HideTokens

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


def test_an_access_token_is_hidden():
    assert write("GET /?at=W10:1vabc:sig-nature HTTP/1.1") == "GET /?at=*** HTTP/1.1"


def test_a_bad_parameter_name_does_not_cost_the_line(settings):
    settings.REQUEST_TOKEN_QUERYSTRING = "not a name"

    assert write(f"GET /?rt={JWT}") == "GET /?rt=***"


def test_other_lines_are_left_alone():
    assert write("GET /?sort=%s&start=2", "a") == "GET /?sort=a&start=2"


ACCESS = "1vAbc9newsletter.issue.5.preview" + "b" * 42 + "A"


@pytest.mark.parametrize(
    "message",
    [
        f"at={ACCESS}",
        f"opened with {ACCESS}, it seems",
        "{'at': '" + ACCESS + "'}",
        '{"at": "' + ACCESS + '", "a": 1}',
        "<QueryDict: {'at': ['" + ACCESS + "']}>",
        f"[('at', '{ACCESS}')]",
        f"GET /login/?next=%2Fdraft%2F%3Fat%3D{ACCESS} HTTP/1.1",
        f"GET /login/?next=%252Fdraft%252F%253Fat%253D{ACCESS} HTTP/1.1",
        f"GET /?%61t={ACCESS} HTTP/1.1",
        f"GET /?%61%74=%31{ACCESS[1:]} HTTP/1.1",
        f'href="/draft/?a=1&amp;at={ACCESS}"',
        '{"next": "/draft/?a=1\\u0026at=' + ACCESS + '"}',
        "{&#x27;at&#x27;: &#x27;" + ACCESS + "&#x27;}",
        f"GET /?%72t={JWT}",
        JWT.replace(".", "%2E"),
        "%65" + JWT[1:],
        f"Referer: https://example.com/?rt={JWT.replace('.', '%2e')}",
        "{'rt': b'" + JWT + "'}",
    ],
)
def test_a_token_is_hidden_however_it_is_spelled(message):
    line = write("%s", message)

    assert "***" in line
    for part in (JWT.rpartition(".")[2], JWT.split(".")[1], ACCESS[-43:], ACCESS[10:20]):
        assert part not in line


@pytest.mark.parametrize(
    "message",
    [
        "GET /?start=2&cat=long-haired-cats-of-the-north 100%",
        "due at=2026-01-01T10:00:00+00:00",
        "sha256=3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f10",
        f"django.contrib.auth.middleware.AuthenticationMiddleware in {__name__}",
        "1e8b2b3c-5a1c-4ab0-8a76-1a4b7a1c2d3e",
        "GET /caf%C3%A9/?q=100%25 200",
        "part='start', at='noon'",
    ],
)
def test_other_text_stays_as_it_is(message):
    assert write("%s", message) == message


def logged(log):
    """Everything written by a stream handler with the filter on it, when ``log`` gets its logger."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(HideTokens())
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    log(logger)
    return stream.getvalue()


def test_a_traceback_does_not_show_the_token():
    def log(logger):
        try:
            try:
                raise ValueError(f"/?rt={JWT}")
            except ValueError as error:
                raise RuntimeError(f"bad link https://example.com/?at={ACCESS}") from error
        except RuntimeError:
            logger.exception("failed")

    text = logged(log)

    assert "RuntimeError: bad link https://example.com/?at=***" in text
    assert "ValueError: /?rt=***" in text
    assert JWT not in text


def test_a_stack_does_not_show_the_token():
    def log(logger):
        record = logger.makeRecord("test", 40, __file__, 1, "failed", (), None, sinfo=f"Stack: /?rt={JWT}")
        logger.handle(record)

    assert "Stack: /?rt=***" in logged(log)


def test_a_line_whose_arguments_do_not_fit_is_written_without_the_token():
    text = logged(lambda logger: logger.error("failed %s %s", f"/?rt={JWT}"))

    assert text == "ERROR failed %s %s ('/?rt=***',)\n"


def test_a_megabyte_of_rubbish_costs_little():
    started = time.process_time()

    write("%s", "eyJ" * 30_000 + "1aaaaa-" * 10_000 + "%2" * 30_000 + "rt=" * 30_000)

    assert time.process_time() - started < 5

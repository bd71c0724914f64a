"""What a reader has to hold: the modules that one click runs, and the places where it leaves something."""

import sys
from pathlib import Path

import pytest
from django.test import RequestFactory

from apps import tokens
from apps.tokens.middleware import RequestTokenMiddleware
from tests.tokens import urls

PACKAGE = str(Path(tokens.__file__).parent)


@pytest.fixture
def click(request_token, user, rf: RequestFactory):
    """A GET of a bare decorated view by a REQUEST link, through our middleware alone."""
    request = rf.get(request_token.tokenise("/optional/"))
    request.user = user

    def visit(run=lambda call: call()):
        middleware = RequestTokenMiddleware(
            lambda request: middleware.process_view(request, urls.optional, (), {}) or urls.optional(request)
        )
        return request, run(lambda: middleware(request))

    return visit


def test_a_click_runs_ten_modules_at_most(click):
    click_once_more = click
    modules = set()

    def profiled(call):
        sys.setprofile(lambda frame, event, arg: modules.add(frame.f_code.co_filename))
        try:
            return call()
        finally:
            sys.setprofile(None)

    _, response = click_once_more(profiled)

    ours = sorted(Path(name).stem for name in modules if name.startswith(PACKAGE))
    assert response.status_code == 200
    assert len(ours) <= 10, ours


def test_a_click_leaves_one_private_attribute_on_the_request(click):
    request, _ = click(lambda call: call())

    before = {"_messages", "_read_started", "_stream", "_cached_user"}
    added = {name for name in vars(request) if name.startswith("_")} - set(vars(RequestFactory().get("/"))) - before
    assert added == {"_token_state"}


def test_the_app_has_thirty_modules_and_2900_lines_at_most():
    # For support, for code that listens, and for those who read logs and error reports.
    apart = {"declared.py", "explain.py", "signals.py", "log_filters.py", "reports.py"}
    modules = [
        path
        for path in Path(PACKAGE).rglob("*.py")
        if path.name not in apart and not {"admin", "migrations", "management", "tests"} & set(path.parts)
    ]
    texts = [path.read_text(encoding="utf-8") for path in modules]

    assert len([text for text in texts if text]) <= 30
    assert sum(text.count("\n") for text in texts) <= 2900

"""What a reader has to hold: the modules that one click runs, and the places where it leaves something."""

import sys
from pathlib import Path

import pytest
from django.test import RequestFactory

from ..middleware import RequestTokenMiddleware
from ..models import RequestToken
from . import urls

TESTS = Path(__file__).parent
APP = TESTS.parent


@pytest.fixture
def click(make_token, user, rf: RequestFactory):
    """A GET of a bare decorated view by a REQUEST link, through our middleware alone."""
    token = make_token(login_mode=RequestToken.LOGIN_MODE_REQUEST, user=user, max_uses=2)

    def visit(run=lambda call: call()):
        request = rf.get(token.tokenise("/optional/"))
        request.user = user
        middleware = RequestTokenMiddleware(
            lambda request: middleware.process_view(request, urls.optional, (), {}) or urls.optional(request)
        )
        return request, run(lambda: middleware(request))

    return visit


def test_a_click_runs_ten_modules_at_most(click):
    click()  # the first one of a process also writes the statements
    modules = set()

    def profiled(call):
        sys.setprofile(lambda frame, event, arg: modules.add(frame.f_code.co_filename))
        try:
            return call()
        finally:
            sys.setprofile(None)

    _, response = click(profiled)

    ours = sorted(Path(name).stem for name in modules if APP in Path(name).parents and TESTS not in Path(name).parents)
    assert response.status_code == 200
    assert len(ours) <= 10, " ".join(ours)


def test_a_click_leaves_one_private_attribute_on_the_request(click):
    request, _ = click()

    before = {"_messages", "_read_started", "_stream", "_cached_user"}
    added = {name for name in vars(request) if name.startswith("_")} - set(vars(RequestFactory().get("/"))) - before
    assert added == {"_token_state"}

import pytest
from django.core.checks import Tags, run_checks
from django.urls import include, path
from django.views import View

from ..decorators import use_request_token
from ..middleware import RequestTokenMiddleware
from ..mixins import RequestTokenMixin
from ..models import RequestToken
from .support import APP

OURS = f"{APP}.middleware.RequestTokenMiddleware"
AUTH = "django.contrib.auth.middleware."
ORDER = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    AUTH + "AuthenticationMiddleware",
    OURS,
]


class Subclass(RequestTokenMiddleware):
    pass


def found(**options):
    messages = run_checks(tags=[Tags.security, Tags.templates], **options)
    return [message for message in messages if message.id.startswith("tokens.")]


def ids(**options):
    return [message.id for message in found(**options)]


@pytest.fixture(autouse=True)
def good_middleware(settings):
    settings.MIDDLEWARE = ORDER


def test_a_good_project_has_no_messages():
    assert ids(include_deployment_checks=True) == []


@pytest.mark.parametrize(
    ("code", "middleware", "hint"),
    [
        ("tokens.E001", ORDER[:-1], f'Add "{OURS}" to MIDDLEWARE, after "{AUTH}AuthenticationMiddleware".'),
        ("tokens.E002", [ORDER[0], ORDER[1], OURS, ORDER[2]], f'move "{OURS}" below "{AUTH}AuthenticationMiddleware".'),
        (
            "tokens.E002",
            [ORDER[0], ORDER[1], OURS],
            f'Add "{AUTH}AuthenticationMiddleware" to MIDDLEWARE, before "{OURS}".',
        ),
        ("tokens.E003", [ORDER[0], ORDER[2], OURS, ORDER[1]], 'below "django.middleware.csrf.CsrfViewMiddleware".'),
        (
            "tokens.E004",
            [*ORDER[:3], AUTH + "LoginRequiredMiddleware", OURS],
            f'move "{OURS}" above "{AUTH}LoginRequiredMiddleware".',
        ),
    ],
)
def test_middleware_that_is_missing_or_misplaced_is_an_error_with_the_line_to_write(settings, code, middleware, hint):
    settings.MIDDLEWARE = middleware

    [message] = found()

    assert message.id == code
    assert message.is_serious()
    assert hint in message.hint


def test_our_middleware_twice_is_an_error(settings):
    settings.MIDDLEWARE = [*ORDER, OURS]

    assert ids() == ["tokens.E008"]


def test_one_parameter_for_both_kinds_of_token_is_an_error(settings):
    settings.ACCESS_TOKEN_QUERYSTRING = "rt"

    assert ids() == ["tokens.E007"]


def test_a_subclass_of_our_middleware_counts(settings):
    settings.MIDDLEWARE = [*ORDER[:3], f"{__name__}.Subclass"]

    assert ids() == []


def test_middleware_that_cannot_be_imported_is_left_to_django(settings):
    settings.MIDDLEWARE = [*ORDER, "no.such.middleware"]

    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("REQUEST_TOKEN_EXPIRY", "ten"), ("REQUEST_TOKEN_QUERYSTRING", ""), ("REQUEST_TOKEN_DISABLE_LOGS", "maybe")],
)
def test_a_bad_setting_is_an_error_that_names_it(settings, name, value):
    setattr(settings, name, value)

    [message] = found()

    assert (message.id, message.msg.split()[0]) == ("tokens.E005", name)


def test_a_page_for_refusals_that_does_not_exist_is_an_error(settings):
    settings.REQUEST_TOKEN_403_TEMPLATE = "no/such/page.html"

    [message] = found()

    assert message.id == "tokens.E006"
    assert "no/such/page.html" in message.msg


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_weak_key_is_a_warning_before_deployment(settings, name):
    setattr(settings, name, "short" if name == "SECRET_KEY" else ["short"])

    assert ids(include_deployment_checks=True) == ["tokens.W001"]
    assert ids() == []


class TwoDatabases:
    """Sends the tokens elsewhere than the users."""

    def db_for_write(self, model, **hints):
        return "other" if model is RequestToken else "default"


def test_tokens_in_another_database_than_the_users_are_an_error(settings):
    settings.DATABASE_ROUTERS = [f"{__name__}.TwoDatabases"]

    [message] = run_checks(tags=[Tags.database], databases=["default"])

    assert message.id == "tokens.E009"


@use_request_token(scope="test", confirm=False)
def signs_in_by_get(request):
    pass


@use_request_token(scope="test", confirm=False, methods=["POST"])
def signs_in_by_post(request):
    pass


@use_request_token(scope="test")
def asks_before_it_signs_in(request):
    pass


class SignsInByPost(RequestTokenMixin, View):
    token_scope = "test"
    token_confirm = False

    def post(self, request):
        pass


urlpatterns = [
    path("post/", signs_in_by_post),
    path("class/", SignsInByPost.as_view()),
    path("asks/", asks_before_it_signs_in),
    path("nested/", include([path("get/", signs_in_by_get)])),
]


def test_a_view_that_signs_in_by_get_is_named(settings):
    settings.ROOT_URLCONF = __name__

    [message] = [message for message in run_checks(tags=[Tags.urls]) if message.id == "tokens.W002"]

    assert f"{__name__}.signs_in_by_get" in message.msg
    assert 'methods=["POST"]' in message.hint

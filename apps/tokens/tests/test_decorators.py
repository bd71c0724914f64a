import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.views import View

from ..decorators import use_request_token
from ..middleware import RequestTokenMiddleware
from ..mixins import RequestTokenMixin
from . import urls


def without(settings, middleware):
    return [path for path in settings.MIDDLEWARE if not path.endswith(middleware)]


@pytest.mark.parametrize("path", ["/optional/", "/async/", "/async-mixin/"])
def test_a_view_with_an_optional_token_runs_without_one(client, db, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/required/", "/class/", "/mixin/"])
def test_a_view_that_requires_a_token_is_refused_without_one(client, db, path):
    assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    "path", ["/optional/", "/required/", "/async/", "/class/", "/mixin/", "/async-mixin/", "/inside/", "/outside/"]
)
def test_every_kind_of_view_in_any_order_of_decorators_gets_the_user(client, request_token, user, path):
    assert client.get(request_token.tokenise(path)).json()["user"] == user.email


def test_attributes_of_other_decorators_are_kept(strict_client, request_token, user):
    assert strict_client.post(request_token.tokenise("/post-only/")).json()["user"] == user.email


@pytest.mark.parametrize(("scope", "status"), [("test", 403), ("other", 200)])
def test_a_mixin_takes_its_scope_from_as_view_too(client, make_token, scope, status):
    assert client.get(make_token(scope=scope).tokenise("/mixin-argument/")).status_code == status


def test_a_request_link_passes_login_required_middleware(client, request_token, user, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]

    assert client.get(request_token.tokenise("/optional/")).json()["user"] == user.email
    assert client.get("/optional/").status_code == 302


@pytest.mark.parametrize(
    "path", ["/optional/", "/required/", "/async/", "/class/", "/mixin/", "/async-mixin/", "/inside/", "/any-session/"]
)
def test_without_the_middleware_a_declared_view_fails_closed(client, request_token, user, settings, path):
    settings.MIDDLEWARE = without(settings, "RequestTokenMiddleware")
    client.force_login(user)

    with pytest.raises(
        ImproperlyConfigured, match=re.escape(f'add "{RequestTokenMiddleware.__module__}.RequestTokenMiddleware"')
    ):
        client.get(request_token.tokenise(path))


@pytest.mark.parametrize("path", ["/borrows/", "/borrows-with-a-token/"])
def test_a_declared_view_that_another_view_calls_fails_closed(client, request_token, path):
    with pytest.raises(ImproperlyConfigured):
        client.get(request_token.tokenise(path))


def test_a_method_other_than_dispatch_fails_closed_and_says_what_to_decorate(client, request_token):
    with pytest.raises(ImproperlyConfigured, match='name="dispatch"'):
        client.get(request_token.tokenise("/only-get/"))


def test_without_authentication_the_error_says_which_line_to_add(client, request_token, settings):
    settings.MIDDLEWARE = without(settings, "AuthenticationMiddleware")

    with pytest.raises(ImproperlyConfigured, match="AuthenticationMiddleware"):
        client.get(request_token.tokenise("/optional/"))


@pytest.mark.parametrize("scope", ["", None, 5])
def test_a_scope_is_needed(scope):
    with pytest.raises(ValueError, match="needs a scope"):
        use_request_token(scope=scope)


def test_an_empty_confirm_template_is_refused():
    with pytest.raises(ValueError, match="confirm"):
        use_request_token(scope="test", confirm="")


def test_a_mixin_after_its_view_is_refused():
    with pytest.raises(TypeError, match="RequestTokenMixin before the view"):
        type("Wrong", (View, RequestTokenMixin), {"token_scope": "test"})


def test_a_decorator_without_arguments_is_a_type_error():
    with pytest.raises(TypeError):
        use_request_token(lambda request: HttpResponse())


def test_a_view_takes_one_scope():
    with pytest.raises(ValueError, match="already"):
        use_request_token(scope="second")(urls.optional)


def test_the_view_keeps_its_name_and_documentation():
    @use_request_token(scope="test")
    def subscribe(request):
        """Subscribe."""

    assert (subscribe.__name__, subscribe.__doc__) == ("subscribe", "Subscribe.")

import pickle
from copy import copy, deepcopy

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import authenticate, get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import Permission as ModelPermission
from django.core.exceptions import PermissionDenied
from django.utils.functional import SimpleLazyObject

from ...access import scope
from ...access.backends import AccessTokenBackend, Grant, scope_of
from ...access.decorators import access_url
from .. import urls as token_urls
from ..sample.models import Item, TextKey, UUIDKey
from . import urls

pytestmark = pytest.mark.django_db

READ = urls.READ


@pytest.fixture
def item():
    return Item.objects.create()


@pytest.fixture(autouse=True)
def nothing_kept():
    urls.kept.clear()


@pytest.fixture(params=["anonymous", "signed in"])
def visitor(request, client):
    """The client of a visitor who is nobody, and of one who is signed in and has no permissions."""
    if request.param == "signed in":
        client.force_login(request.getfixturevalue("user"))
    return client


def link_to(view, item, granted=None):
    return access_url(f"/{view}/{item.pk}/", granted or scope.access_obj(item, READ, "sample.write_item"))


def may(client, link, perm, on=""):
    return client.get(f"{link}&perm={perm}&on={on}").json()["may"]


@pytest.mark.parametrize("view", ["rights", "rights-async"])
def test_the_user_has_what_the_token_grants_and_nothing_else(visitor, item, view):
    other = Item.objects.create()
    link = link_to(view, item)

    assert may(visitor, link, READ, item.pk)
    assert may(visitor, link, "sample.write_item", item.pk)
    assert not may(visitor, link, "sample.delete_item", item.pk)
    assert not may(visitor, link, READ, other.pk)
    assert not may(visitor, link, READ)


@pytest.mark.parametrize("view", ["rights", "rights-async"])
def test_a_grant_on_the_model_holds_for_every_row_and_for_the_model(visitor, item, view):
    other = Item.objects.create()
    link = link_to(view, item, scope.access_model(Item, READ))

    assert may(visitor, link, READ, other.pk)
    assert may(visitor, link, READ)
    assert not may(visitor, link, "sample.read_textkey")


def test_the_async_question_meets_the_same_user_twice(client, item):
    assert client.get(f"{link_to('rights-async', item)}&perm=x").json()["same"]


def test_another_request_of_the_same_visitor_has_nothing(visitor, item):
    assert may(visitor, link_to("rights", item), READ, item.pk)
    assert not may(visitor, "/rights-without-rule/?x", READ, item.pk)


def test_a_view_that_takes_no_access_token_grants_nothing_by_one(visitor, item):
    link = access_url("/rights-without-rule/", scope.access_all(READ))

    assert not may(visitor, link, READ, item.pk)


def test_when_the_view_is_over_its_user_has_nothing_any_longer(visitor, item):
    visitor.get(f"{link_to('keeps-user', item)}&perm={READ}&on={item.pk}")

    assert urls.kept["during"].content == b'{"may": true}'
    assert not urls.kept["user"].has_perm(READ, urls.kept["item"])


def test_when_the_view_has_failed_its_user_has_nothing_any_longer(item, crashing_client):
    crashing_client.get(f"{link_to('raises', item)}&perm={READ}&on={item.pk}")

    assert urls.kept["during"].content == b'{"may": true}'
    assert not urls.kept["user"].has_perm(READ, urls.kept["item"])


def lent(granted, request):
    """The grant, given to the request's user as the middleware does."""
    grant = Grant(granted)
    grant.begin(request)
    return grant


@pytest.fixture
def request_of(rf, item):
    """A request by that user, in the middle of a view that an access token for the item opened."""

    def make(user, auser=None):
        request = rf.get("/")
        request.user = user
        request.auser = auser
        request.grant = lent(scope.access_obj(item, READ), request)
        return request

    return make


@pytest.mark.parametrize("kind", ["anonymous", "signed in", "lazy"])
def test_no_other_object_of_the_same_user_is_touched(request_of, user, item, kind):
    one = {"anonymous": AnonymousUser(), "signed in": user, "lazy": SimpleLazyObject(lambda: user)}[kind]

    request = request_of(one)

    assert request.user.has_perm(READ, item)
    assert not one.has_perm(READ, item)
    assert not user.has_perm(READ, item)
    assert not AnonymousUser().has_perm(READ, item)
    assert not get_user_model().objects.get().has_perm(READ, item)


def test_request_user_is_still_the_user(request_of, user):
    request = request_of(SimpleLazyObject(lambda: user))

    assert isinstance(request.user, get_user_model())
    assert request.user == user
    assert user == request.user
    assert hash(request.user) == hash(user)
    assert get_user_model().objects.get(pk=request.user.pk) == request.user
    assert request.user.is_authenticated


def test_an_anonymous_user_is_still_one(request_of):
    request = request_of(SimpleLazyObject(AnonymousUser))

    assert isinstance(request.user, AnonymousUser)
    assert request.user == AnonymousUser()
    assert request.user.is_anonymous


def test_request_user_can_be_changed_and_saved(request_of, user):
    request = request_of(user)
    request.user.email = "new@example.com"

    request.user.save()

    assert get_user_model().objects.get().email == "new@example.com"


def test_nobody_who_asks_nothing_makes_django_read_the_session(client, item, user, django_assert_num_queries):
    client.force_login(user)

    with django_assert_num_queries(1):
        answer = client.get(link_to("sync", item))

    assert "Vary" not in answer.headers
    assert not answer.wsgi_request.session.accessed


def test_a_user_out_of_a_cache_or_a_deep_copy_has_nothing(request_of, user, item):
    request = request_of(user)
    assert request.user.has_perm(READ, item)

    taken_out = [pickle.loads(pickle.dumps(request.user)), deepcopy(request.user)]

    assert [one.has_perm(READ, item) for one in taken_out] == [False, False]


def test_a_copy_ends_with_the_request(request_of, user, item):
    request = request_of(user)
    another = copy(request.user)

    request.grant.after_view(request, None, has_left=False)

    assert not another.has_perm(READ, item)
    assert not request.user.has_perm(READ, item)


def test_whoever_is_signed_in_during_the_view_starts_without_grants(request_of, user, item, client):
    request = request_of(AnonymousUser())
    request.session = client.session

    login(request, user, backend="django.contrib.auth.backends.ModelBackend")

    assert not request.user.has_perm(READ, item)


def test_a_request_without_auser_gets_none(rf, item):
    request = rf.get("/")
    request.user = AnonymousUser()

    lent(scope.access_obj(item, READ), request)

    assert request.user.has_perm(READ, item)
    assert not hasattr(request, "auser")


def test_a_superuser_may_what_a_superuser_may(request_of, make_user, item):
    boss = make_user("boss@example.com", is_superuser=True)

    request = request_of(boss)

    assert request.user.has_perm("sample.delete_item", Item.objects.create())
    assert boss.has_perm("sample.delete_item")


def test_permissions_of_the_account_stay_beside_those_of_the_token(request_of, user, item):
    user.user_permissions.add(ModelPermission.objects.get(codename="add_item"))

    request = request_of(user)

    assert request.user.has_perm("sample.add_item")
    assert request.user.has_perm(READ, item)


def test_another_backend_can_veto(request_of, item, settings, monkeypatch):
    def veto(self, user_obj, perm, obj=None):
        raise PermissionDenied

    monkeypatch.setattr("django.contrib.auth.backends.ModelBackend.has_perm", veto)

    assert not request_of(AnonymousUser()).user.has_perm(READ, item)


@pytest.mark.parametrize("about", [Item(), UUIDKey(), Item, "", "1", 1, object(), ["x"]], ids=range(8))
def test_a_question_about_no_saved_object_is_answered_no(rf, about):
    request = rf.get("/")
    request.user = AnonymousUser()
    lent(scope.access_all(READ), request)

    assert request.user.has_perm(READ, about) is False


@pytest.mark.parametrize("perm", ["", ".", "sample", "sample.", ".read_item", "sample.read_", "nothing.read_item"])
def test_a_name_that_is_no_permission_is_answered_no(rf, perm):
    request = rf.get("/")
    request.user = AnonymousUser()
    lent(scope.access_model(Item, READ), request)

    assert request.user.has_perm(perm) is False


@pytest.mark.parametrize(
    ("granted", "perm", "expected"),
    [
        (scope.access_model(Item, READ), READ, True),
        (scope.access_model(TextKey, READ), READ, False),
        (scope.access_app("sample", READ), READ, True),
        (scope.access_app("other", READ), READ, False),
        (scope.access_app("sample", "sample.publish"), "sample.publish", True),
        (scope.access_model(Item, "sample.publish"), "sample.publish", False),
        (scope.access_all("publish"), "publish", True),
        (scope.access_app("sample", "publish"), "publish", False),
    ],
)
def test_without_an_object_the_grant_has_to_cover_all_that_the_name_is_about(rf, granted, perm, expected):
    request = rf.get("/")
    request.user = AnonymousUser()
    lent(granted, request)

    assert request.user.has_perm(perm) is expected


def test_asking_costs_no_query(request_of, item, django_assert_num_queries):
    request = request_of(AnonymousUser())

    with django_assert_num_queries(0):
        assert request.user.has_perm(READ, item)
        assert async_to_sync(request.user.ahas_perm)(READ, item)


def test_the_backend_signs_nobody_in(user):
    backend = AccessTokenBackend()

    assert backend.get_user(user.pk) is None
    assert backend.authenticate(None, username=user.get_username(), password="x") is None
    assert backend.get_all_permissions(user) == set()


def test_a_password_signs_in_beside_it(make_user, client):
    user = make_user(password="a long password")

    assert authenticate(username=user.get_username(), password="a long password") == user
    assert client.login(username=user.get_username(), password="a long password")
    assert client.session["_auth_user_backend"] == "django.contrib.auth.backends.ModelBackend"


def test_a_session_token_signs_in_beside_it(client, session_token, user, settings):
    settings.ROOT_URLCONF = token_urls.__name__

    client.post(session_token.tokenise("/optional/"))

    assert client.get("/optional/").json()["user"] == user.email


def test_the_order_of_the_backends_does_not_matter_to_a_session_token(client, session_token, user, settings):
    settings.ROOT_URLCONF = token_urls.__name__
    settings.AUTHENTICATION_BACKENDS = settings.AUTHENTICATION_BACKENDS[::-1]

    client.post(session_token.tokenise("/optional/"))

    assert client.get("/optional/").json()["user"] == user.email


def test_scope_of_is_empty_for_whatever_is_no_user_of_such_a_request():
    assert scope_of(AnonymousUser()) == scope_of(None) == scope.Scope()

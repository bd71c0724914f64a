import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured

from ... import statements
from ...access import scope
from ...access.decorators import AccessTokenRequiredMixin, access_token_required, access_url
from ...models import RequestToken
from ..sample.models import Item, TextKey
from ..support import refusal
from . import urls

pytestmark = pytest.mark.django_db

READ = urls.READ
VIEWS = ["sync", "async", "mixin", "async-mixin", "method-decorator", "function", "first", "innermost", "outermost"]
BY_MODEL_OR_FUNCTION = ["sync", "async", "mixin", "method-decorator", "function", "first", "state", "same-state"]


@pytest.fixture
def item():
    return Item.objects.create()


def link_to(view, item, *permissions, state=None, **options):
    """The address of that item under that view, with a token for it."""
    return access_url(f"/{view}/{item.pk}/", scope.access_obj(item, *permissions or [READ]), state=state, **options)


def moved(link, path):
    """The same token on another address."""
    return path + link[link.index("?") :]


@pytest.mark.parametrize("view", VIEWS)
def test_every_kind_of_view_in_any_order_of_decorators_opens_for_the_token(client, item, view):
    assert client.get(link_to(view, item)).content == b"ran"


@pytest.mark.parametrize("view", VIEWS)
def test_every_kind_of_view_is_closed_without_a_token(client, item, view):
    assert refusal(client.get(f"/{view}/{item.pk}/")) == "missing"


@pytest.mark.parametrize("view", VIEWS)
def test_every_kind_of_view_is_closed_to_a_forged_token(client, item, view):
    assert refusal(client.get(link_to(view, item) + "x")) == "invalid"


@pytest.mark.parametrize("view", VIEWS)
def test_without_the_middleware_every_kind_of_view_fails_closed(client, item, view, settings):
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if not path.endswith("RequestTokenMiddleware")]

    with pytest.raises(ImproperlyConfigured, match="RequestTokenMiddleware"):
        client.get(link_to(view, item))


@pytest.mark.parametrize("view", VIEWS)
def test_under_asgi_every_kind_of_view_opens_for_the_token_and_for_nothing_else(async_client, item, view):
    good = async_to_sync(async_client.get)(link_to(view, item))
    forged = async_to_sync(async_client.get)(link_to(view, item) + "x")

    assert good.content == b"ran"
    assert refusal(forged) == "invalid"


@pytest.mark.parametrize("view", ["borrows", "borrows-with-a-token"])
def test_a_view_that_another_view_calls_fails_closed(client, item, view):
    with pytest.raises(ImproperlyConfigured):
        client.get(access_url(f"/{view}/{item.pk}/", scope.access_all(READ)))


@pytest.mark.parametrize("view", [*VIEWS, "rights"])
def test_a_view_that_requires_sign_in_too_still_requires_it(client, item, view, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    stays_open = view in ("innermost", "outermost")

    answer = client.get(link_to(view, item) + "&perm=x")

    assert answer.status_code == (200 if stays_open else 302)


@pytest.mark.parametrize("level", ["obj", "model", "app", "all"])
def test_a_grant_on_a_wider_level_opens_the_view(client, item, level):
    granted = {
        "obj": scope.access_obj(item, READ),
        "model": scope.access_model(Item, READ),
        "app": scope.access_app("sample", READ),
        "all": scope.access_all(READ),
    }

    assert client.get(access_url(f"/sync/{item.pk}/", granted[level])).status_code == 200


@pytest.mark.parametrize("view", BY_MODEL_OR_FUNCTION)
def test_neither_a_missing_nor_another_object_can_be_told_from_a_forged_token(client, item, view):
    other = Item.objects.create()
    link = link_to(view, item, state={"state": f"state {item.pk}", "same-state": "draft"}.get(view))
    assert client.get(link).status_code == 200

    forged = client.get(moved(link, f"/{view}/{item.pk}/") + "x")
    answers = [client.get(moved(link, f"/{view}/{key}/")) for key in (other.pk, 999, 10**30)]

    assert [refusal(answer) for answer in answers] == [refusal(forged)] * 3
    assert {answer.content for answer in answers} == {forged.content}


def test_an_expired_token_does_not_tell_which_other_objects_exist(client, item, clock):
    other = Item.objects.create()
    link = link_to("sync", item, expires_in=10)
    clock.tick(10)

    assert refusal(client.get(link)) == "expired"
    assert [refusal(client.get(moved(link, f"/sync/{key}/"))) for key in (other.pk, 999)] == ["invalid", "invalid"]


def test_a_function_may_answer_not_found(client, item):
    assert refusal(client.get(link_to("not-found", item))) == "invalid"


@pytest.mark.parametrize("key", ["x", "1.5", "%00", "9" * 400, "1" * 5000, "-1", "%F0%9F%92%A9"])
def test_an_address_that_cannot_be_a_key_is_no_object(client, item, key):
    assert refusal(client.get(moved(link_to("letters", item), f"/letters/{key}/"))) == "invalid"


@pytest.mark.parametrize("key", ["%00", "x" * 5000, "%F0%9F%92%A9"])
def test_an_address_that_no_text_key_has_is_no_object(client, key):
    link = access_url(f"/text/{key}/", scope.access_model(TextKey, "sample.read_textkey"))

    assert refusal(client.get(link)) == "invalid"


def test_a_grant_on_everything_does_not_open_an_object_that_is_not_there(client):
    link = access_url("/first/999/", scope.access_all(READ))

    assert refusal(client.get(link)) == "invalid"


def test_an_address_that_names_no_object_is_a_mistake_of_the_developer(client, item):
    with pytest.raises(ImproperlyConfigured, match="names no sample.Item"):
        client.get(access_url("/no-argument/", scope.access_obj(item, READ)))


def test_every_permission_is_needed(client, item):
    both = link_to("functions", item, READ, "sample.write_item", state=f"state {item.pk}")
    one = link_to("functions", item, state=f"state {item.pk}")

    assert client.get(both).content == b"ran"
    assert refusal(client.get(one)) == "invalid"


def test_without_an_object_the_token_has_to_grant_it_on_everything(client, item):
    everything = access_url("/everything/", scope.access_all(READ, "publish"))
    less = access_url("/everything/", scope.access_all(READ) + scope.access_app("sample", "publish"))

    assert client.get(everything).status_code == 200
    assert refusal(client.get(less)) == "scope"


def test_the_state_of_the_object_is_part_of_the_signature(client, item):
    assert client.get(link_to("state", item, state=f"state {item.pk}")).status_code == 200
    assert refusal(client.get(link_to("state", item, state="another"))) == "invalid"
    assert refusal(client.get(link_to("state", item))) == "invalid"
    assert refusal(client.get(link_to("sync", item, state=f"state {item.pk}"))) == "invalid"


@pytest.mark.parametrize(
    ("seconds", "code", "words"),
    [(10, "expired", "has expired"), (-61, "not_yet_valid", "does not work yet")],
)
def test_the_holder_of_a_genuine_link_reads_why_it_is_refused(client, item, clock, seconds, code, words):
    link = link_to("sync", item, expires_in=10)
    clock.tick(seconds)

    answer = client.get(link)

    assert refusal(answer) == code
    assert words in answer.text


def test_a_refusal_writes_one_line_without_the_token(client, item, caplog):
    caplog.set_level("DEBUG")
    link = link_to("sync", item) + "x"

    client.get(link)

    [line] = [record.getMessage() for record in caplog.records if "reason=" in record.getMessage()]
    assert "reason=invalid" in line
    assert link.rpartition("=")[2] not in caplog.text


def test_answers_to_a_token_stay_private(client, item):
    good, bad = client.get(link_to("sync", item)), client.get(link_to("sync", item) + "x")

    assert [answer["Cache-Control"] for answer in (good, bad)] == ["no-store, private"] * 2
    assert [answer["Referrer-Policy"] for answer in (good, bad)] == ["same-origin"] * 2


def test_a_token_on_a_view_that_asks_for_none_changes_nothing(client, item):
    assert client.get(moved(link_to("sync", item), "/open/")).content == b"ran"
    assert client.get("/open/?at=rubbish").content == b"ran"


def test_an_access_token_is_no_request_token_and_the_other_way_round(client, item):
    token = RequestToken.objects.create_token(scope="test")
    path = f"/both/{item.pk}/"

    both = access_url(token.tokenise(path), scope.access_obj(item, READ))

    assert client.get(both).content == b"ran"
    assert refusal(client.get(link_to("both", item))) == "missing"
    assert refusal(client.get(RequestToken.objects.create_token(scope="test").tokenise(path))) == "missing"


def test_a_use_of_a_request_token_comes_back_where_the_access_token_is_refused(client, item):
    token = RequestToken.objects.create_token(scope="test")

    client.get(token.tokenise(f"/both/{item.pk}/"))

    token.refresh_from_db()
    assert token.used_to_date == 0


def test_without_authentication_middleware_views_open_all_the_same(client, item, settings):
    left_out = ("AuthenticationMiddleware", "MessageMiddleware")
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if not path.endswith(left_out)]

    assert client.get(link_to("sync", item)).content == b"ran"


def test_a_mixin_takes_its_permissions_from_as_view_too(client, item):
    assert client.get(link_to("mixin-argument", item, "sample.write_item")).content == b"ran"
    assert refusal(client.get(link_to("mixin-argument", item))) == "invalid"


@pytest.mark.parametrize("permissions", [(), ("",), (None,), ("a", 5)])
def test_permissions_are_names(permissions):
    with pytest.raises(ValueError, match="needs permissions"):
        access_token_required(*permissions)


def test_a_mixin_without_permissions_is_a_mistake():
    class Forgetful(AccessTokenRequiredMixin, urls.View):
        model = Item

    with pytest.raises(ValueError, match="needs permissions"):
        Forgetful.as_view()


def test_a_view_has_one_rule():
    with pytest.raises(ValueError, match="already"):
        access_token_required("other")(urls.by_model)


def test_a_view_with_both_rules_has_the_user_and_the_grant_in_any_order(client, make_token, user):
    for path in ("/both-rules/", "/both-rules-turned/"):
        token = make_token(login_mode=RequestToken.LOGIN_MODE_REQUEST, user=user)

        link = access_url(token.tokenise(path), scope.access_all("test.read"))

        assert client.get(link).json() == {"user": user.email, "may": True}


def test_nothing_is_taken_where_the_other_rule_refuses(client, session_token, monkeypatch):
    took = []
    monkeypatch.setattr(statements, "take_use", lambda *args: took.append(args))

    client.post(session_token.tokenise("/both-rules/"))

    assert not took

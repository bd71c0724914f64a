from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory

from ...access import scope, tokens
from ...access.decorators import access_url
from ..sample.models import Item

pytestmark = pytest.mark.django_db

READ = "sample.read_item"


@pytest.fixture
def item():
    return Item.objects.create()


def test_can_is_true_for_what_the_token_of_the_request_grants(client, item):
    Item.objects.create()

    page = client.get(access_url(f"/page/{item.pk}/", scope.access_obj(item, READ)))

    # This item, another, all of them, an unsaved one, one that is not in the context, another permission.
    assert page.text.strip() == "[True False False False False False]"


def test_can_is_true_for_what_the_account_may_do(item, make_user):
    request = RequestFactory().get("/")
    request.user = make_user(is_superuser=True)

    assert render_to_string("access_can.html", {"permission": READ, "item": item, "request": request}) == "True"


def test_can_needs_no_context_processor(item, make_user, settings):
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "OPTIONS": {}}]
    request = RequestFactory().get("/")
    request.user = make_user(is_superuser=True)

    assert render_to_string("access_can.html", {"permission": READ, "item": item}, request) == "True"


@pytest.mark.parametrize("context", [{}, {"request": None}, {"request": RequestFactory().get("/")}], ids=str)
def test_can_is_false_where_nobody_asks(item, context):
    assert render_to_string("access_can.html", {"permission": READ, "item": item, **context}) == "False"


def test_can_is_false_for_an_anonymous_visitor_without_a_token(item):
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    assert render_to_string("access_can.html", {"permission": READ, "item": item, "request": request}) == "False"


def link(**context):
    return render_to_string(
        "access_url.html", {"url": "/x/", "permission": READ, "hours": None, "state": None, **context}
    )


def test_access_url_makes_a_link_that_opens_the_object(client, item):
    address = link(url=f"/sync/{item.pk}/?a=1&b=#c", item=item)

    assert address.startswith(f"/sync/{item.pk}/?a=1&amp;b=&amp;at=")
    assert address.endswith("#c")
    assert client.get(unescape(address)).content == b"ran"


def test_access_url_takes_hours_and_a_state(clock, item):
    token = link(item=item, hours=1.5, state="s").rpartition("=")[2]

    found = tokens.inspect(token, state="s")

    assert found.is_valid
    assert found.scope == scope.access_obj(item, READ)
    assert (found.expires_at - found.issued_at).total_seconds() == 5400


@pytest.mark.parametrize(
    "context",
    [{"permission": ""}, {"item": ""}, {"item": None}, {"item": Item()}, {"hours": 0}, {"hours": -1}],
    ids=str,
)
def test_a_link_that_would_grant_nothing_or_nobody_knows_what_is_a_mistake(item, context):
    with pytest.raises(ValueError, match=r"permission|saved|save it|ahead"):
        link(**{"item": item, **context})


def test_hours_that_are_not_in_the_context_never_make_a_link_without_end(item):
    with pytest.raises(TypeError):
        link(item=item, hours="")


def test_a_state_that_is_not_in_the_context_makes_a_link_that_opens_nothing(item):
    token = link(item=item, state="").rpartition("=")[2]

    assert not tokens.validate(token, scope.access_obj(item, READ))


def test_a_token_in_the_address_is_replaced(item):
    address = link(url="/x/?at=old", item=item)

    assert address.count("at=") == 1
    assert "old" not in address

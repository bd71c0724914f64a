import re
from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory

from apps.tokens.access import scope, tokens
from apps.tokens.access.links import access_url
from tests.tokens.sample.models import Item

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    return Item.objects.create()


def render(text, **context):
    return Template("{% load access_token %}" + text).render(Context(context))


def test_can_is_true_for_what_the_token_of_the_request_grants(client, item):
    Item.objects.create()

    page = client.get(access_url(f"/page/{item.pk}/", scope.access_obj(item, "sample.read_item")))

    assert page.text.strip() == "[True False False False False False]"


def test_can_is_true_for_what_the_account_may_do(item, make_user):
    request = RequestFactory().get("/")
    request.user = make_user(is_superuser=True)

    assert render('{% can "sample.read_item" item %}', item=item, request=request) == "True"


@pytest.mark.parametrize("context", [{}, {"request": None}, {"request": RequestFactory().get("/")}], ids=str)
def test_can_is_false_where_nobody_asks(item, context):
    assert render('{% can "sample.read_item" item %}', item=item, **context) == "False"


def test_can_is_false_for_an_anonymous_visitor_without_a_token(item):
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    assert render('{% can "sample.read_item" item %}', item=item, request=request) == "False"


def test_access_url_makes_a_link_that_opens_the_object(client, item):
    page = render(
        '<a href="{% access_url url item "sample.read_item" %}">', url=f"/sync/{item.pk}/?a=1&b=#c", item=item
    )

    [link] = re.findall(r'href="([^"]+)"', page)
    assert link.startswith(f"/sync/{item.pk}/?a=1&amp;b=&amp;at=")
    assert link.endswith("#c")
    assert client.get(unescape(link)).content == b"ran"


def test_access_url_takes_hours_and_a_state(clock, item):
    text = '{% access_url "/x/" item "read" "write" hours=1.5 state="s" %}'
    token = render(text, item=item).rpartition("=")[2]

    found = tokens.inspect(token, state="s")

    assert found.is_valid
    assert found.scope == scope.access_obj(item, "read", "write")
    assert (found.expires_at - found.issued_at).total_seconds() == 5400


@pytest.mark.parametrize(
    "text",
    [
        '{% access_url "/x/" item %}',
        '{% access_url "/x/" undefined "read" %}',
        '{% access_url "/x/" new "read" %}',
        '{% access_url "/x/" item "read" hours=0 %}',
    ],
)
def test_a_link_that_would_grant_nothing_or_nobody_knows_what_is_a_mistake(text, item):
    with pytest.raises(ValueError, match=r"permission|saved|save it|ahead"):
        render(text, item=item, new=Item())


def test_hours_that_are_not_there_never_make_a_link_without_end(item):
    with pytest.raises(TypeError):
        render('{% access_url "/x/" item "read" hours=undefined %}', item=item)


def test_a_token_in_the_address_is_replaced(item):
    page = render('{% access_url "/x/?at=old" item "read" %}', item=item)

    assert page.count("at=") == 1
    assert "old" not in page

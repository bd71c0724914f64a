import uuid
from datetime import date
from decimal import Decimal

import pytest

from ...access.decorators import access_url
from ...access.rows import granted
from ...access.scope import Scope, access_all, access_app, access_model, access_obj
from ..sample.models import (
    Child,
    DateKey,
    DecimalKey,
    Item,
    ItemProxy,
    Parent,
    RelationKey,
    Seat,
    TextKey,
    UUIDKey,
)

pytestmark = pytest.mark.django_db


def related(amount):
    return RelationKey.objects.create(target=DecimalKey.objects.create(amount=Decimal(amount)))


THREE_OF_EACH = {
    "int": lambda: [Item.objects.create() for _ in range(3)],
    "proxy": lambda: [ItemProxy.objects.create() for _ in range(3)],
    "inherited": lambda: [Child.objects.create() for _ in range(3)],
    "text": lambda: [TextKey.objects.create(code=code) for code in ("a", "A.b-c ~é%", "")],
    "uuid": lambda: [UUIDKey.objects.create(id=uuid.UUID(int=number)) for number in range(3)],
    "date": lambda: [DateKey.objects.create(day=date(2026, 11, day)) for day in (1, 2, 3)],
    "decimal": lambda: [DecimalKey.objects.create(amount=Decimal(amount)) for amount in ("1.50", "2", "-3")],
    "relation": lambda: [related(amount) for amount in ("1.50", "2", "-3")],
    "composite": lambda: [Seat.objects.create(row=row, price=Decimal("9.5")) for row in ("A", 'B", "', "")],
}


@pytest.mark.parametrize("kind", list(THREE_OF_EACH))
def test_the_rows_named_in_the_grants_are_opened_and_no_others(kind):
    first, _, third = THREE_OF_EACH[kind]()
    scope = access_obj(first, "read") + access_obj(third, "read")

    opened = granted(type(first)._default_manager.all(), scope, "read")

    assert {row.pk for row in opened} == {first.pk, third.pk}


@pytest.mark.parametrize("kind", list(THREE_OF_EACH))
def test_rows_opened_are_those_of_which_has_perm_would_say_so(kind):
    rows = THREE_OF_EACH[kind]()
    scope = access_obj(rows[1], "read", "write") + access_obj(rows[2], "write") + access_model(Parent, "read")

    opened = granted(type(rows[0])._default_manager.all(), scope, "write")

    assert {row.pk for row in opened} == {row.pk for row in rows if scope.covers(access_obj(row, "write"))}


@pytest.mark.parametrize(
    "scope", [access_model(Item, "read"), access_app("sample", "read"), access_all("read")], ids=repr
)
def test_a_grant_on_a_wider_level_opens_every_row(scope):
    items = THREE_OF_EACH["int"]()

    assert set(granted(Item.objects.all(), scope, "read")) == set(items)


@pytest.mark.parametrize(
    "scope",
    [Scope(), access_app("other", "read"), access_model(TextKey, "read"), access_model(Item, "write")],
    ids=repr,
)
def test_a_grant_on_something_else_opens_none(scope):
    THREE_OF_EACH["int"]()

    assert not granted(Item.objects.all(), scope, "read").exists()


def test_the_same_key_of_another_model_opens_nothing():
    item = Item.objects.create(pk=1)
    TextKey.objects.create(code="1")

    assert not granted(TextKey.objects.all(), access_obj(item, "read"), "read").exists()


def test_every_permission_is_needed_on_each_row():
    one, both, other = THREE_OF_EACH["int"]()
    scope = access_obj(one, "read") + access_obj(both, "read", "write") + access_obj(other, "write")

    assert list(granted(Item.objects.all(), scope, "read", "write")) == [both]


def test_one_permission_may_hold_for_the_model_and_another_for_a_row():
    first, *_ = THREE_OF_EACH["int"]()
    scope = access_model(Item, "read") + access_obj(first, "write")

    assert list(granted(Item.objects.all(), scope, "read", "write")) == [first]


def test_filters_and_order_of_the_queryset_are_kept():
    first, second, third = THREE_OF_EACH["int"]()
    scope = access_obj(first, "read") + access_obj(second, "read") + access_obj(third, "read")

    opened = granted(Item.objects.exclude(pk=second.pk).order_by("-pk"), scope, "read")

    assert list(opened) == [third, first]


def test_asking_for_nothing_is_a_mistake_and_opens_nothing():
    with pytest.raises(ValueError, match="at least one permission"):
        granted(Item.objects.all(), access_all("read"))


def test_it_is_one_query_however_many_rows(django_assert_num_queries):
    items = Item.objects.bulk_create(Item() for _ in range(2000))
    scope = Scope(frozenset(grant for item in items[::2] for grant in access_obj(item, "read").grants))

    with django_assert_num_queries(1):
        assert len(granted(Item.objects.all(), scope, "read")) == 1000


def test_a_view_lists_the_rows_that_the_token_of_its_request_opens(client):
    first, second, _ = THREE_OF_EACH["int"]()
    scope = access_all("sample.read_item") + access_obj(first, "sample.write_item")

    answer = client.get(access_url("/rows/", scope + access_obj(second, "sample.write_item")))

    assert answer.json()["rows"] == [first.pk, second.pk]

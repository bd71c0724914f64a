import pickle
import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from ...access.scope import Scope, access_all, access_app, access_model, access_obj
from ..sample.models import (
    Abstract,
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

EVERYTHING = access_all("read")
APP = access_app("sample", "read")
MODEL = access_model(Item, "read")


def saved(model, **fields):
    """An instance as the database returns it, without a database."""
    return model.from_db("default", list(fields), list(fields.values()))


OBJECT = access_obj(saved(Item, id=1), "read")


@pytest.mark.parametrize(
    ("granted", "asked", "expected"),
    [
        (EVERYTHING, EVERYTHING, True),
        (EVERYTHING, APP, True),
        (EVERYTHING, MODEL, True),
        (EVERYTHING, OBJECT, True),
        (APP, EVERYTHING, False),
        (APP, APP, True),
        (APP, MODEL, True),
        (APP, OBJECT, True),
        (MODEL, EVERYTHING, False),
        (MODEL, APP, False),
        (MODEL, MODEL, True),
        (MODEL, OBJECT, True),
        (OBJECT, EVERYTHING, False),
        (OBJECT, APP, False),
        (OBJECT, MODEL, False),
        (OBJECT, OBJECT, True),
    ],
)
def test_a_grant_covers_its_own_level_and_those_below_and_never_one_above(granted, asked, expected):
    assert granted.covers(asked) is expected


@pytest.mark.parametrize(
    ("granted", "asked"),
    [
        (OBJECT, access_obj(saved(Item, id=2), "read")),
        (OBJECT, access_obj(saved(Item, id=11), "read")),
        (OBJECT, access_obj(saved(TextKey, code="1"), "read")),
        (MODEL, access_model(TextKey, "read")),
        (MODEL, access_obj(saved(TextKey, code="1"), "read")),
        (APP, access_app("other", "read")),
        (access_app("shop", "read"), access_app("shop2", "read")),
        (access_app("shop2", "read"), access_app("shop", "read")),
        (access_app("samp", "read"), MODEL),
        (access_app("Sample", "read"), MODEL),
    ],
)
def test_a_grant_does_not_reach_sideways(granted, asked):
    assert not granted.covers(asked)


@pytest.mark.parametrize("permission", ["write", "Read", "rea", "reader", "*", "sample.read", "read "])
def test_only_the_permissions_that_were_named_are_granted(permission):
    assert not access_all("read").covers(access_all(permission))


def test_a_star_grants_only_the_permission_called_star():
    assert not access_all("*").covers(OBJECT)


def test_the_union_of_several_grants_may_cover_what_none_covers_alone():
    granted = access_app("sample", "read") + access_model(Item, "write") + access_all("comment")
    asked = access_obj(saved(Item, id=1), "read", "write", "comment") + access_model(Parent, "read")

    assert granted.covers(asked)


def test_one_permission_missing_on_one_path_is_enough_to_refuse():
    granted = access_all("read") + access_model(Item, "write")
    asked = access_obj(saved(Item, id=1), "read", "write") + access_obj(saved(Parent, id=1), "write")

    assert not granted.covers(asked)


def test_a_proxy_is_its_concrete_model():
    assert access_model(ItemProxy, "read") == MODEL
    assert access_obj(saved(ItemProxy, id=1), "read") == OBJECT


def test_a_grant_on_a_parent_does_not_reach_the_child_of_multi_table_inheritance():
    child = saved(Child, id=1, parent_ptr_id=1)

    assert not access_model(Parent, "read").covers(access_obj(child, "read"))
    assert not access_obj(saved(Parent, id=1), "read").covers(access_obj(child, "read"))
    assert not access_model(Child, "read").covers(access_obj(saved(Parent, id=1), "read"))
    assert access_model(Child, "read").covers(access_obj(child, "read"))


@pytest.mark.parametrize(
    ("obj", "path"),
    [
        (saved(Item, id=5), ("sample", "item", "5")),
        (saved(TextKey, code="a.b-c/~ é"), ("sample", "textkey", "a.b-c/~ é")),
        (saved(TextKey, code=""), ("sample", "textkey", "")),
        (saved(UUIDKey, id=uuid.UUID(int=7)), ("sample", "uuidkey", "00000000-0000-0000-0000-000000000007")),
        (saved(DateKey, day=date(2026, 11, 22)), ("sample", "datekey", "2026-11-22")),
        (saved(DecimalKey, amount=Decimal("1.50")), ("sample", "decimalkey", "1.50")),
        (saved(Child, id=5, parent_ptr_id=5), ("sample", "child", "5")),
        (saved(RelationKey, target_id=Decimal("1.5")), ("sample", "relationkey", "1.50")),
        (saved(Seat, row="A", price=Decimal("9.00")), ("sample", "seat", '["A", "9.00"]')),
        (saved(Seat, row='A", "9', price=Decimal("9.00")), ("sample", "seat", r'["A\", \"9", "9.00"]')),
    ],
)
def test_an_object_is_known_by_its_model_and_its_key_as_text(obj, path):
    assert access_obj(obj, "read") == Scope(frozenset({(path, "read")}))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (Item, {"id": "7"}),
        (UUIDKey, {"id": "00000000000000000000000000000007"}),
        (DateKey, {"day": "2026-11-22"}),
        (DecimalKey, {"amount": Decimal("1.5")}),
        (DecimalKey, {"amount": "1E+2"}),
        (Child, {"id": "7"}),
        (Seat, {"row": "A", "price": Decimal("9")}),
    ],
)
def test_an_object_is_the_same_as_when_it_is_read_back(model, fields):
    created = model.objects.create(**fields)

    assert access_obj(created, "read") == access_obj(model.objects.get(), "read")


def test_a_lazy_object_is_the_object_it_stands_for():
    lazy = SimpleLazyObject(lambda: saved(ItemProxy, id=1))

    assert access_obj(lazy, "read") == OBJECT


def test_building_and_comparing_scopes_asks_the_database_nothing(db, django_assert_num_queries):
    item = Item.objects.create()

    with django_assert_num_queries(0):
        access_model(Item, "sample.change_item").covers(access_obj(item, "sample.change_item"))


UNSAVED = "save it first"


@pytest.mark.parametrize(
    ("obj", "hint"),
    [
        (Item(), UNSAVED),
        (Item(id=1), UNSAVED),
        (UUIDKey(), UNSAVED),
        (Seat(row="A", price=1), UNSAVED),
        (saved(Item, id=None), UNSAVED),
        (saved(Seat, row="A", price=None), UNSAVED),
        (saved(Item, id="x"), "primary key"),
        (Item, "access_model"),
        (None, "access_model"),
        (1, "access_model"),
        ("sample.item", "access_model"),
    ],
)
def test_access_obj_refuses_what_is_not_a_saved_object(obj, hint):
    with pytest.raises(ValueError, match=hint):
        access_obj(obj, "read")


@pytest.mark.django_db
def test_access_obj_refuses_a_deleted_object():
    item = Item.objects.create()
    item.delete()

    with pytest.raises(ValueError, match=UNSAVED):
        access_obj(item, "read")


@pytest.mark.parametrize(
    ("model", "hint"),
    [(None, "access_obj"), (saved(Item, id=1), "access_obj"), ("sample.item", "model class"), (int, "model class")]
    + [(Abstract, "abstract")],
)
def test_access_model_refuses_what_has_no_rows(model, hint):
    with pytest.raises(ValueError, match=hint):
        access_model(model, "read")


@pytest.mark.parametrize("app_label", [None, "", 1, b"sample", Item])
def test_access_app_refuses_what_is_not_a_label(app_label):
    with pytest.raises(ValueError, match="app label"):
        access_app(app_label, "read")


@pytest.mark.parametrize("permission", [None, "", 1, b"read", ("read",), Item])
def test_a_permission_is_a_non_empty_string(permission):
    with pytest.raises(ValueError, match="permission"):
        access_all("write", permission)


def test_a_scope_without_permissions_is_empty_and_false():
    assert access_all() == access_model(Item) == Scope()
    assert not access_all()


def test_order_and_repetition_make_no_difference():
    one = access_all("read", "write") + access_model(Item, "read")
    other = access_model(Item, "read", "read") + access_all("write") + access_all("read")

    assert one == other
    assert hash(one) == hash(other)


def test_different_grants_are_different_scopes():
    assert len({EVERYTHING, APP, MODEL, OBJECT, access_all("write"), Scope()}) == 6


def test_adding_leaves_both_scopes_as_they_were():
    one, other = access_all("read"), access_all("write")

    both = one + other

    assert (one, other, both) == (access_all("read"), access_all("write"), access_all("read", "write"))


def test_a_scope_can_be_summed_pickled_and_not_changed():
    total = sum([APP, MODEL, OBJECT], Scope())

    assert total == APP + MODEL + OBJECT
    assert pickle.loads(pickle.dumps(total)) == total
    with pytest.raises(AttributeError):
        total.grants = frozenset()


def test_a_loop_or_a_sum_can_begin_with_an_empty_tuple():
    looped = ()
    for scope in (APP, MODEL, OBJECT):
        looped += scope

    assert looped == sum([APP, MODEL, OBJECT], ()) == APP + MODEL + OBJECT
    assert () + APP == APP + () == APP
    assert () + Scope() == Scope()


@pytest.mark.parametrize("other", [("write",), [], "", None, 0, frozenset()])
def test_nothing_else_can_be_added_to_a_scope(other):
    with pytest.raises(TypeError):
        APP + other
    with pytest.raises(TypeError):
        other + APP


def test_the_repr_says_what_is_granted():
    text = repr(access_obj(saved(TextKey, code="a b"), "read") + access_all("x") + APP + MODEL)

    assert text == (
        "<Scope: 'x' on everything, 'read' on sample, 'read' on sample.item, 'read' on sample.textkey 'a b'>"
    )
    assert repr(Scope()) == "<Scope: nothing>"


PARTS = st.sampled_from(["a", "ab", "b", ""])
PATHS = st.lists(PARTS, max_size=3).map(tuple)
GRANTS = st.lists(st.tuples(PATHS, st.sampled_from(["read", "write", "a.b"])), max_size=6)


def is_covered(granted, asked):
    """The rule, once more and slowly, part by part."""
    for path, permission in asked:
        for granted_path, granted_permission in granted:
            parts = [granted_path[place] == path[place] for place in range(min(len(granted_path), len(path)))]
            if granted_permission == permission and len(granted_path) <= len(path) and all(parts):
                break
        else:
            return False
    return True


@given(GRANTS, GRANTS)
def test_coverage_is_the_rule_for_any_grants(granted, asked):
    assert Scope(frozenset(granted)).covers(Scope(frozenset(asked))) is is_covered(granted, asked)

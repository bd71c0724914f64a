from datetime import datetime, timedelta, timezone

import pytest
from django.apps import apps
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType

from ...access import scope, tokens
from ...access.tokens import Reason
from ..sample.models import Item
from .conftest import NOW

READ = scope.access_app("shop", "read")
READ_AND_WRITE = scope.access_app("shop", "read", "write")
LESS = scope.Scope(frozenset({(("shop", "item", "5"), "read")}))
MORE = scope.access_all("read")


def moment(seconds):
    return datetime.fromtimestamp(NOW + seconds, tz=timezone.utc)


def test_a_token_opens_what_it_grants_and_nothing_more():
    token = tokens.generate(READ)

    assert tokens.validate(token, READ) is True
    assert tokens.validate(token, LESS) is True
    assert tokens.validate(token, MORE) is False
    assert tokens.validate(token, READ_AND_WRITE) is False


@pytest.mark.parametrize("nothing", [(), None, scope.Scope(), scope.access_all(), sum([], ()), [READ], "read"])
def test_asking_for_nothing_is_a_mistake_and_never_true(nothing):
    token = tokens.generate(READ)

    with pytest.raises(ValueError, match="at least one permission"):
        tokens.validate(token, nothing)
    with pytest.raises(ValueError, match="at least one permission"):
        tokens.generate(nothing)
    with pytest.raises(ValueError, match="at least one permission"):
        tokens.narrow(token, nothing)


def test_validating_without_a_scope_is_a_mistake_even_for_rubbish():
    with pytest.raises(ValueError, match="at least one permission"):
        tokens.validate(tokens.generate(READ))
    with pytest.raises(ValueError, match="at least one permission"):
        tokens.validate("rubbish")
    with pytest.raises(ValueError, match="at least one permission"):
        tokens.generate()


@pytest.mark.parametrize(
    ("expires_in", "elapsed", "reason"),
    [
        (None, 0, Reason.OK),
        (None, 10**9, Reason.OK),
        (10, 9.9, Reason.OK),
        (10, 10, Reason.EXPIRED),
        (timedelta(minutes=1), 59, Reason.OK),
        (timedelta(minutes=1), 60, Reason.EXPIRED),
        (1.9, 0.9, Reason.OK),
        (1.9, 1.0, Reason.EXPIRED),
        (0.1, 0.1, Reason.EXPIRED),
    ],
)
def test_a_token_expires_when_it_says(clock, expires_in, elapsed, reason):
    token = tokens.generate(READ, expires_in=expires_in)
    clock.tick(elapsed)

    assert tokens.inspect(token).reason is reason
    assert tokens.validate(token, READ) is (reason is Reason.OK)


@pytest.mark.parametrize(
    ("max_age", "elapsed", "reason"),
    [
        (10, 10, Reason.OK),
        (10, 10.1, Reason.EXPIRED),
        (timedelta(seconds=10), 10.1, Reason.EXPIRED),
        (0.05, 0.1, Reason.EXPIRED),
        (0, 0, Reason.OK),
        (0, 1, Reason.EXPIRED),
        (-1, 0, Reason.EXPIRED),
        (10**400, 10**9, Reason.OK),
        (float("inf"), 10**9, Reason.OK),
        (timedelta.max, 10**9, Reason.OK),
    ],
)
def test_max_age_counts_from_the_issue(clock, max_age, elapsed, reason):
    token = tokens.generate(READ)
    clock.tick(elapsed)

    assert tokens.inspect(token, max_age=max_age).reason is reason
    assert tokens.validate(token, READ, max_age=max_age) is (reason is Reason.OK)


@pytest.mark.parametrize(("expires_in", "max_age"), [(10, 100), (100, 10)])
def test_the_shorter_of_expiry_and_max_age_counts(clock, expires_in, max_age):
    token = tokens.generate(READ, expires_in=expires_in)
    clock.tick(11)

    assert not tokens.validate(token, READ, max_age=max_age)


@pytest.mark.parametrize(("ahead", "reason"), [(60, Reason.OK), (61, Reason.NOT_YET_VALID)])
def test_a_token_may_be_dated_a_minute_ahead_and_no_more(clock, ahead, reason):
    clock.tick(ahead)
    token = tokens.generate(READ, expires_in=1000)
    clock.tick(-ahead)

    assert tokens.inspect(token, max_age=1000).reason is reason
    assert tokens.validate(token, READ) is (reason is Reason.OK)


@pytest.mark.parametrize("expires_in", [0, -1, timedelta(0), timedelta(-1), timedelta.max, 10**400, float("inf")])
def test_an_expiry_lies_ahead(expires_in):
    with pytest.raises(ValueError, match="ahead"):
        tokens.generate(READ, expires_in=expires_in)
    with pytest.raises(ValueError, match="ahead"):
        tokens.narrow(tokens.generate(READ), READ, expires_in)


@pytest.mark.parametrize("value", ["10", b"10", True, [], datetime.now(tz=timezone.utc), float("nan")])
def test_a_duration_is_seconds_or_a_timedelta(value):
    with pytest.raises(ValueError, match="timedelta"):
        tokens.generate(READ, expires_in=value)
    with pytest.raises(ValueError, match="timedelta"):
        tokens.validate("rubbish", READ, max_age=value)
    with pytest.raises(ValueError, match="timedelta"):
        tokens.inspect("rubbish", max_age=value)


def test_inspect_tells_grants_and_times(clock):
    found = tokens.inspect(tokens.generate(READ_AND_WRITE, expires_in=timedelta(days=7)))

    assert found == tokens.Inspection(Reason.OK, READ_AND_WRITE, moment(0), moment(7 * 86_400))
    assert found.is_valid


def test_inspect_still_tells_what_an_expired_token_granted(clock):
    token = tokens.generate(READ, expires_in=10)
    clock.tick(10)

    found = tokens.inspect(token)

    assert found == tokens.Inspection(Reason.EXPIRED, READ, moment(0), moment(10))
    assert not found.is_valid


def test_inspect_can_be_asked_about_a_scope():
    token = tokens.generate(READ)

    assert tokens.inspect(token, scope=LESS).reason is Reason.OK
    assert tokens.inspect(token, scope=MORE).reason is Reason.INSUFFICIENT


def test_inspect_with_an_empty_scope_is_a_mistake():
    with pytest.raises(ValueError, match="at least one permission"):
        tokens.inspect("rubbish", scope=scope.access_all())


def test_an_inspection_and_its_reason_are_plain_values():
    found = tokens.inspect(None)

    assert str(found.reason) == "malformed"
    with pytest.raises(AttributeError):
        found.reason = Reason.OK


def test_narrowing_gives_a_weaker_token():
    token = tokens.narrow(tokens.generate(READ_AND_WRITE), LESS)

    assert tokens.inspect(token).scope == LESS
    assert not tokens.validate(token, READ)


@pytest.mark.parametrize("more", [MORE, LESS + MORE, scope.access_app("shop", "delete"), scope.access_app("x", "read")])
def test_narrowing_never_gives_more(more):
    with pytest.raises(ValueError, match="insufficient"):
        tokens.narrow(tokens.generate(READ_AND_WRITE), more)


@pytest.mark.parametrize(
    ("lifetime", "elapsed", "expires_in", "expiry"),
    [
        (None, 5, None, None),
        (None, 5, 10, 15),
        (100, 5, None, 100),
        (100, 5, 10, 15),
        (100, 5, 95, 100),
        (100, 5, 1000, 100),
        (100, 5.9, 10, 15),
        (None, -30, 10, 0),
    ],
)
def test_a_narrowed_token_never_lives_longer(clock, lifetime, elapsed, expires_in, expiry):
    token = tokens.generate(READ, expires_in=lifetime)
    clock.tick(elapsed)

    found = tokens.inspect(tokens.narrow(token, LESS, expires_in))

    assert found.issued_at == moment(0)
    assert found.expires_at == (None if expiry is None else moment(expiry))


def test_max_age_counts_from_the_issue_of_the_first_token(clock):
    token = tokens.generate(READ)
    clock.tick(100)

    assert not tokens.validate(tokens.narrow(token, LESS), LESS, max_age=99)


def test_a_token_that_is_not_valid_cannot_be_narrowed(clock):
    expired = tokens.generate(READ, expires_in=10)
    clock.tick(10)

    with pytest.raises(ValueError, match="expired"):
        tokens.narrow(expired, LESS)
    with pytest.raises(ValueError, match="bad_signature"):
        tokens.narrow(tokens.generate(READ, key="another"), LESS)
    with pytest.raises(ValueError, match="malformed"):
        tokens.narrow(None, LESS)


def test_a_narrowed_token_has_the_same_key_salt_and_state():
    secrets = {"key": "a key", "salt": "a salt", "state": "draft"}

    token = tokens.narrow(tokens.generate(READ, **secrets), LESS, **secrets)

    assert tokens.validate(token, LESS, **secrets)
    assert not tokens.validate(token, LESS, **{**secrets, "state": "published"})


def test_a_token_narrowed_from_one_of_a_retired_key_dies_with_that_key(settings):
    settings.SECRET_KEY = "old" * 20
    token = tokens.generate(READ)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]

    narrowed = tokens.narrow(token, LESS)

    assert tokens.validate(narrowed, LESS)
    settings.SECRET_KEY_FALLBACKS = []
    assert not tokens.validate(narrowed, LESS)


@pytest.mark.django_db
def test_a_token_means_the_same_where_content_types_have_other_ids(clock, django_assert_num_queries):
    item = Item.objects.create()
    change = scope.access_obj(item, "sample.change_item")
    token = tokens.generate(change)
    before = set(ContentType.objects.values_list("app_label", "model", "id"))

    ContentType.objects.all().delete()
    ContentType.objects.create(app_label="sample", model="gone")
    for config in reversed(list(apps.get_app_configs())):
        create_contenttypes(config, verbosity=0)

    assert not before & set(ContentType.objects.values_list("app_label", "model", "id"))
    with django_assert_num_queries(0):
        assert tokens.inspect(token, scope=change) == tokens.inspect(tokens.generate(change))

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_an_address_is_stored_in_lower_case():
    user = User.objects.create_user("Reader@Example.COM")

    assert user.email == "reader@example.com"
    assert User.objects.values_list("email", flat=True).get() == "reader@example.com"


@pytest.mark.parametrize("lookup", ["email", "email__exact", "email__iexact"])
def test_an_address_is_found_in_any_case(reader, lookup):
    assert User.objects.get(**{lookup: "READER@example.com"}) == reader


def test_addresses_in_a_list_are_found_in_any_case(reader):
    assert User.objects.get(email__in=["READER@example.com"]) == reader


def test_the_login_name_is_found_in_any_case(reader):
    assert User.objects.get_by_natural_key("READER@example.com") == reader


@pytest.mark.parametrize(
    "write",
    [
        lambda: User.objects.create_user("READER@example.com"),
        lambda: User(email="Reader@Example.com").save(),
        lambda: User.objects.bulk_create([User(email="READER@example.com")]),
        lambda: User.objects.filter(email="editor@example.com").update(email="READER@example.com"),
    ],
    ids=["create_user", "save", "bulk_create", "update"],
)
def test_no_way_of_writing_makes_two_accounts_of_one_address(reader, write):
    UserFactory(email="editor@example.com")

    with pytest.raises(IntegrityError), transaction.atomic():
        write()


def test_get_or_create_finds_the_account_in_any_case(reader):
    assert User.objects.get_or_create(email="READER@example.com") == (reader, False)


def test_an_address_that_has_an_account_gets_it_in_any_case(reader):
    assert User.objects.get_or_create_by_email("READER@example.com") == (reader, False)


def test_a_new_address_gets_an_account_without_a_password():
    user, created = User.objects.get_or_create_by_email("Newcomer@example.com")

    assert (user.email, created) == ("newcomer@example.com", True)
    assert not user.has_usable_password()


def test_two_mailboxes_that_only_fold_alike_are_two_accounts():
    User.objects.create_user("strasse@example.com")

    # By way of the model: no form lets this address in.
    assert User.objects.create_user("straße@example.com").pk


@pytest.mark.parametrize("address", ["straße@example.com", "ſam@example.com", '"a b"@example.com', "a@exämple.com"])
def test_an_address_that_looks_like_another_is_not_accepted(address):
    with pytest.raises(ValidationError) as refusal:
        User(email=address).full_clean(exclude=["password"])

    assert set(refusal.value.message_dict) == {"email"}


def test_a_user_without_a_password_cannot_sign_in_with_one():
    user = User.objects.create_user("reader@example.com")

    assert not user.has_usable_password()
    assert not user.check_password("")


def test_a_user_needs_an_address():
    with pytest.raises(ValueError, match="email address"):
        User.objects.create_user("")


def test_a_superuser_may_do_everything():
    user = User.objects.create_superuser("Editor@example.com", "a password")

    assert user.is_staff
    assert user.has_perm("accounts.delete_user")
    assert user.check_password("a password")


@pytest.mark.parametrize("field", ["is_staff", "is_superuser"])
def test_a_superuser_that_is_none_is_refused(field):
    with pytest.raises(ValueError, match="superuser"):
        User.objects.create_superuser("editor@example.com", "a password", **{field: False})

import pytest
from django.urls import reverse

from apps.accounts.models import User
from tests.factories import UserFactory

ADD = reverse("admin:accounts_user_add")


@pytest.fixture
def editor_client(client, db):
    client.force_login(User.objects.create_superuser("editor@example.com", "a password"))
    return client


def test_staff_adds_a_user_without_a_password(editor_client):
    editor_client.post(ADD, {"email": "Reader@example.com", "usable_password": "false"})

    assert not User.objects.get(email="reader@example.com").has_usable_password()


def test_a_new_user_has_no_password_unless_staff_says_so(editor_client):
    form = editor_client.get(ADD).context["adminform"].form

    assert form["usable_password"].value() == "false"


def test_an_address_that_is_taken_is_an_error_beside_the_field(editor_client, reader):
    page = editor_client.post(ADD, {"email": "READER@example.com", "usable_password": "false"})

    assert "There is an account with this address already" in page.content.decode()


def test_staff_changes_a_user(editor_client, reader):
    change = reverse("admin:accounts_user_change", args=[reader.pk])

    editor_client.post(change, {"email": "Moved@example.com", "name": "Reader", "is_active": "on"})

    reader.refresh_from_db()
    assert (reader.email, reader.name) == ("moved@example.com", "Reader")


def test_staff_finds_a_user_by_address(editor_client):
    UserFactory(email="reader@example.com")
    UserFactory(email="member@example.com")

    page = editor_client.get(reverse("admin:accounts_user_changelist"), {"q": "Reader@"}).content.decode()

    assert "reader@example.com" in page
    assert "member@example.com" not in page


def test_the_admin_takes_address_and_password(client, db):
    User.objects.create_superuser("editor@example.com", "a password")

    client.post(reverse("admin:login"), {"username": "EDITOR@example.com", "password": "a password"})

    assert client.get(reverse("admin:index")).status_code == 200

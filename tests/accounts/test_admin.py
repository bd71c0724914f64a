import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.accounts.asking import login_token
from apps.accounts.models import User
from tests.factories import UserFactory
from tests.support.emails import link_in_text

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


def test_staff_without_a_password_goes_on_to_the_page_by_a_link(client, ask, db, mailoutbox):
    editor = User.objects.create_superuser("editor@example.com")
    wanted = reverse("admin:accounts_user_add")
    page = client.get(wanted, follow=True)
    [way] = re.findall(r'<a href="([^"]+)">Sign in by email link instead</a>', page.content.decode())

    form = client.get(way)
    ask(editor.email, next=form.context["next"])
    answer = client.get(link_in_text(mailoutbox[0], reverse("accounts:login_link")))

    assert (answer.status_code, answer.url) == (303, wanted)
    assert client.get(wanted).status_code == 200


def try_passwords(client, count, address="editor@example.com", **extra):
    login = reverse("admin:login")
    return [client.post(login, {"username": address, "password": "x"}, **extra).status_code for _ in range(count)]


def test_passwords_tried_one_after_the_other_are_stopped(client, db):
    """Threat: passwords tried one after the other."""
    assert try_passwords(client, 12) == [200] * 10 + [429] * 2


def test_passwords_tried_from_many_addresses_are_stopped_and_a_link_still_opens_the_admin(client, db):
    editor = User.objects.create_superuser("editor@example.com", "a password")
    answers = [try_passwords(client, 1, "Editor@Example.com", REMOTE_ADDR=f"192.0.2.{n}")[0] for n in range(40)]

    client.post(login_token(editor).tokenise(reverse("accounts:login_link")))

    assert answers.count(200) == 30
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_right_password_costs_no_try(client, db):
    User.objects.create_superuser("editor@example.com", "a password")

    for _ in range(20):
        fields = {"username": "editor@example.com", "password": "a password"}
        assert client.post(reverse("admin:login"), fields).status_code == 302


@pytest.fixture
def keeper_client(client, db):
    """Somebody who may edit users and is no superuser."""
    keeper = UserFactory(email="keeper@example.com", is_staff=True)
    keeper.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(keeper)
    return client


@pytest.fixture
def boss(db):
    return User.objects.create_superuser("boss@example.com", "a password")


def test_an_editor_of_users_changes_a_member(keeper_client, reader):
    change = reverse("admin:accounts_user_change", args=[reader.pk])

    keeper_client.post(change, {"email": "moved@example.com", "name": "", "is_active": "on"})

    reader.refresh_from_db()
    assert reader.email == "moved@example.com"


@pytest.mark.parametrize("page", ["change", "password_change", "delete"])
def test_an_editor_of_users_cannot_take_over_a_superuser(keeper_client, boss, page):
    name = {"password_change": "auth_user_password_change"}.get(page, f"accounts_user_{page}")
    form = {"email": "keeper2@example.com", "password1": "a new secret", "password2": "a new secret", "post": "yes"}
    before = User.objects.filter(pk=boss.pk).values().get()

    response = keeper_client.post(reverse(f"admin:{name}", args=[boss.pk]), form)

    assert response.status_code == 403
    assert User.objects.filter(pk=boss.pk).values().get() == before


def test_an_editor_of_users_deletes_no_superuser_among_others(keeper_client, boss, reader):
    form = {"action": "delete_selected", "_selected_action": [boss.pk, reader.pk], "post": "yes"}

    response = keeper_client.post(reverse("admin:accounts_user_changelist"), form)

    assert response.status_code == 403
    assert User.objects.filter(pk__in=[boss.pk, reader.pk]).count() == 2


@pytest.mark.parametrize("flag", ["is_superuser", "is_staff"])
def test_an_editor_of_users_makes_nobody_mightier(keeper_client, reader, flag):
    change = reverse("admin:accounts_user_change", args=[reader.pk])

    keeper_client.post(change, {"email": reader.email, "name": "Changed", "is_active": "on", flag: "on"})

    reader.refresh_from_db()
    assert (reader.name, getattr(reader, flag)) == ("Changed", False)

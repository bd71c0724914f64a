import pytest
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PROFILE = reverse("accounts:profile")
LOGOUT = reverse("accounts:logout")


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get(PROFILE).url == f"{reverse('accounts:login')}?next={PROFILE}"


def test_the_members_page_shows_the_address_and_the_day_of_joining(client, reader):
    client.force_login(reader)

    page = client.get(PROFILE).content.decode()

    assert "<dd>reader@example.com</dd>" in page
    assert f'<time datetime="{reader.date_joined:%Y-%m-%d}' in page


def test_no_cache_keeps_the_members_page(client, reader):
    client.force_login(reader)

    assert "no-store" in client.get(PROFILE).headers.get("Cache-Control", "")


def test_the_name_can_be_changed(visitor, reader):
    visitor.force_login(reader)

    answer = visitor.press(visitor.get(PROFILE), name="  A  Reader ")

    reader.refresh_from_db()
    assert answer.url == PROFILE
    assert reader.name == "A Reader"
    assert "Your name is saved" in visitor.get(PROFILE).content.decode()


@pytest.mark.parametrize("name", ["Reader\r\nBcc: editor@example.com", "Reader\x0bBcc:\u2028editor@example.com"])
def test_a_name_has_no_line_breaks(client, reader, name):
    client.force_login(reader)

    client.post(PROFILE, {"name": name})

    reader.refresh_from_db()
    assert reader.name.splitlines() == [reader.name]


def test_a_name_has_no_characters_that_command_a_terminal_or_turn_the_text(client, reader):
    client.force_login(reader)

    client.post(PROFILE, {"name": "Rea\x1b[31m\x7fder\u202e"})

    reader.refresh_from_db()
    assert reader.name == "Rea[31mder"


@pytest.mark.parametrize("name", ["a" * 151, "a\x00b"])
def test_a_name_that_cannot_be_stored_is_shown_again_with_the_error(client, reader, name):
    client.force_login(reader)

    answer = client.post(PROFILE, {"name": name})

    assert answer.status_code == 200
    assert 'id="id_name_error"' in answer.content.decode()
    reader.refresh_from_db()
    assert reader.name == ""


def test_only_the_name_can_be_changed(client, reader):
    client.force_login(reader)

    client.post(PROFILE, {"name": "Reader", "email": "editor@example.com", "is_staff": "on", "is_superuser": "on"})

    reader.refresh_from_db()
    assert (reader.name, reader.email) == ("Reader", "reader@example.com")
    assert not reader.is_staff
    assert not reader.is_superuser


def test_a_name_is_shown_as_text(client):
    client.force_login(UserFactory(name="<script>alert(1)</script>"))

    assert "<script" not in client.get(PROFILE).content.decode()


def test_signing_out_takes_a_button_and_ends_on_the_front_page(visitor, reader):
    visitor.force_login(reader)

    answer = visitor.press(visitor.get(reverse("accounts:login")))

    assert answer.url == reverse("home")
    assert visitor.user_id is None
    assert "You are signed out" in visitor.get(answer.url).content.decode()


def test_a_link_to_sign_out_does_nothing(client, reader):
    client.force_login(reader)

    assert client.get(LOGOUT).status_code == 405
    assert client.session["_auth_user_id"] == str(reader.pk)


def test_signing_out_never_leaves_the_site(client, reader):
    client.force_login(reader)

    assert client.post(LOGOUT, {"next": "//evil.example"}).url == reverse("home")

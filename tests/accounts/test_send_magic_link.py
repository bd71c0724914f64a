import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.emails import link_in_html, link_in_text

pytestmark = pytest.mark.django_db

LOGIN_LINK = reverse("accounts:login_link")
LINK = re.compile(r"^https://latchkey\.example(/accounts/login/link/\?rt=[\w-]+\.[\w-]+\.[\w-]+)$", re.MULTILINE)


def run(*args):
    out, warnings = StringIO(), StringIO()
    call_command("send_magic_link", *args, stdout=out, stderr=warnings)
    return out.getvalue(), warnings.getvalue()


@pytest.mark.parametrize("part", [link_in_text, link_in_html])
def test_the_link_is_sent_and_signs_in(client, reader, mailoutbox, part):
    run("Reader@example.com")

    client.post(part(mailoutbox[0], LOGIN_LINK))

    assert client.session["_auth_user_id"] == str(reader.pk)


def test_the_email_has_no_code_because_no_browser_waits_for_one(reader, mailoutbox):
    run("reader@example.com")

    assert "code where you asked" not in mailoutbox[0].body


def test_no_working_link_is_printed_unless_somebody_asks_for_it(reader):
    """Threat: a working link in the log of a terminal or of a CI job."""
    out, warnings = run("reader@example.com")

    assert RequestToken.objects.get().jwt() not in out + warnings


def test_the_first_member_of_staff_signs_in_on_a_server_whose_email_is_dead(client, reader, mailoutbox):
    out, warning = run("reader@example.com", "--print")
    [link] = LINK.findall(out)

    client.post(link)

    assert client.session["_auth_user_id"] == str(reader.pk)
    assert "Anybody who has this link is reader@example.com" in warning
    assert mailoutbox == []


def test_a_mail_server_that_is_away_is_an_error_that_names_the_way_round(reader, settings, monkeypatch):
    def send_messages(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send_messages)

    with pytest.raises(CommandError, match="--print"):
        run("reader@example.com")


def test_the_link_goes_on_to_the_path_that_was_given(client, reader):
    [link] = LINK.findall(run("reader@example.com", "--print", "--next", "/newsletter/")[0])

    assert client.post(link).url == "/newsletter/"


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["nobody@example.com"], "createsuperuser"),
        (["closed@example.com"], "Tick “active”"),
        (["reader"], "such as reader@example.com"),
        ([""], "such as reader@example.com"),
        (["reader@example.com", "--next", "//evil.example"], "a path on this site"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_advice_and_leaves_no_token(reader, arguments, advice):
    UserFactory(email="closed@example.com", is_active=False)

    with pytest.raises(CommandError, match=advice):
        run(*arguments)

    assert not RequestToken.objects.exists()

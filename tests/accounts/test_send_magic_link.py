import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.tokens.models import RequestToken
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LINK = re.compile(r"^https://latchkey\.example(/accounts/login/link/\?rt=[\w-]+\.[\w-]+\.[\w-]+)$", re.MULTILINE)


def run(*args):
    out = StringIO()
    call_command("send_magic_link", *args, stdout=out)
    return out.getvalue()


def test_the_link_is_printed_whole_on_a_line_of_its_own_and_signs_in(client, reader):
    [link] = LINK.findall(run("Reader@example.com"))

    client.post(link)

    assert client.session["_auth_user_id"] == str(reader.pk)


def test_the_link_is_whole_in_the_html_part_too(reader):
    mail = run("reader@example.com")

    assert f'href="https://latchkey.example{LINK.search(mail)[1]}"' in mail


def test_the_mail_is_printed_and_not_sent(reader, mailoutbox):
    mail = run("reader@example.com")

    assert "To: reader@example.com" in mail
    assert "Subject: Your link to sign in to Latchkey" in mail
    assert mailoutbox == []


def test_the_link_goes_on_to_the_path_that_was_given(client, reader):
    [link] = LINK.findall(run("reader@example.com", "--next", "/newsletter/"))

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

import re
import subprocess
import sys
from io import StringIO

import pytest
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from apps.demo import mailbox
from apps.tokens.mail import LinkEmail
from tests.support.project import PRODUCTION, ROOT, make_environment

LINK = "https://latchkey.example/accounts/login/link/?rt=" + "abcDEF-_" * 20


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DEBUG = True
    settings.DEMO_MAILBOX_DIR = tmp_path / "mailbox"


@pytest.fixture
def sent():
    """An email as the site sends it; what the console showed of it."""
    email = LinkEmail("Sign in, März", f"Press the link:\n\n{LINK}\n", to=["reader@example.com"])
    email.attach_alternative(f'<html><head></head><body><a href="{LINK}">Sign in</a></body></html>', "text/html")
    return send(email)


def send(email):
    stream = StringIO()
    mailbox.MailboxBackend(stream=stream).send_messages([email])
    return stream.getvalue()


def show_newest(client):
    return client.get(re.search(r'href="(/demo/mailbox/[^"]+)"', page(client))[1]).content.decode()


def page(client):
    return client.get(reverse("demo:mailbox")).content.decode()


def test_the_console_shows_the_text_with_its_link_and_no_html(sent):
    assert LINK in sent
    assert "To: reader@example.com\nSubject: Sign in, März" in sent
    assert "<html" not in sent
    assert "Content-Type" not in sent


def test_the_console_shows_the_subject_alone_of_an_issue_that_goes_to_many():
    shown = send(LinkEmail("An issue", "Text", to=["reader@example.com"], headers={"List-Unsubscribe": f"<{LINK}>"}))

    assert "Subject: An issue" in shown
    assert "Text" not in shown


def test_what_is_written_to_the_people_of_the_laboratory_is_dropped():
    shown = send(EmailMultiAlternatives("A new browser", "Text", to=[f"owner-1{mailbox.NOWHERE}"]))

    assert shown == ""
    assert list(mailbox.newest_first()) == []


@pytest.mark.django_db
def test_an_email_page_has_the_link_one_click_away(client, sent):
    assert f'<a href="{LINK}">' in show_newest(client)


@pytest.mark.django_db
def test_the_mailbox_is_newest_first(client, sent):
    send(EmailMultiAlternatives("A later email", "Text", to=["reader@example.com"]))

    subjects = re.findall(r'href="/demo/mailbox/[^"]+">([^<]+)</a>', page(client))

    assert subjects == ["A later email", "Sign in, März"]


@pytest.mark.django_db
def test_the_html_part_can_run_nothing_and_ask_for_nothing(client, sent):
    answer = client.get(re.search(r'src="([^"]+/html/)"', show_newest(client))[1])

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-top-navigation-by-user-activation; default-src 'none'")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.django_db
def test_a_subject_cannot_act_as_html_in_the_mailbox(client):
    send(EmailMultiAlternatives("<script>alert(1)</script>", "<b>Text</b>", to=["reader@example.com"]))

    assert "<script>" not in page(client) + show_newest(client)
    assert "<b>" not in show_newest(client)


@pytest.mark.django_db
def test_without_debug_no_page_of_the_mailbox_exists(client, settings, sent):
    [email] = mailbox.newest_first()
    settings.DEBUG = False

    addresses = [
        reverse("demo:mailbox"),
        reverse("demo:email", args=[email.name]),
        reverse("demo:email_html", args=[email.name]),
    ]

    assert [client.get(address).status_code for address in addresses] == [404, 404, 404]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nothing", "0" * 20 + "-00000000", "..-..-settings"])
def test_a_name_that_no_email_has_is_not_found(client, sent, name):
    assert client.get(f"/demo/mailbox/{name}/").status_code == 404


def test_only_the_newest_emails_are_kept(monkeypatch):
    monkeypatch.setattr(mailbox, "KEPT", 3)

    for number in range(5):
        send(EmailMultiAlternatives(f"Email {number}", "Text", to=["reader@example.com"]))

    assert [email.headers["Subject"] for email in mailbox.newest_first()] == ["Email 4", "Email 3", "Email 2"]


def test_only_the_owner_of_the_process_can_read_the_files(settings, sent):
    [file] = settings.DEMO_MAILBOX_DIR.iterdir()

    assert settings.DEMO_MAILBOX_DIR.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
@pytest.mark.parametrize("url_name", ["accounts:login_sent", "newsletter:subscribe_done"])
def test_every_page_that_says_check_your_email_leads_to_the_mailbox(client, settings, url_name):
    address = reverse(url_name)
    shown = client.get(address).content.decode()
    settings.DEBUG = False
    hidden = client.get(address).content.decode()

    assert 'href="/demo/mailbox/"' in shown
    assert "mailbox" not in hidden


@pytest.mark.parametrize(("debug", "is_kept"), [("true", True), ("false", False)])
def test_emails_are_kept_with_debug_only(tmp_path, debug, is_kept):
    settings = f"from config.settings import *\nDEMO_MAILBOX_DIR = {str(tmp_path / 'mailbox')!r}\n"
    (tmp_path / "elsewhere.py").write_text(settings, encoding="utf-8")
    send = (
        "import django; django.setup(); from django.core.mail import EmailMultiAlternatives as Email; "
        "Email('Subject', 'Text', None, ['reader@example.com']).send()"
    )
    place = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "elsewhere", "EMAIL_URL": "consolemail://"}

    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", send],
        cwd=ROOT,
        env=make_environment(**{**PRODUCTION, **place, "DEBUG": debug}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert (tmp_path / "mailbox").exists() == is_kept
    assert ("Content-Type" not in result.stdout) == is_kept

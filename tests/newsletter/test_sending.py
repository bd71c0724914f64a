import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from apps.newsletter import services
from apps.newsletter.models import Issue, Subscription
from apps.newsletter.sending import SendingError, send_issue
from apps.tokens.models import RequestToken
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory, SubscriptionFactory
from tests.newsletter.mails import html_of, link_in_html, link_in_text, received, text_of

pytestmark = pytest.mark.django_db

BACKEND = "django.core.mail.backends.locmem.EmailBackend"
UNSUBSCRIBE = reverse("newsletter:unsubscribe")


def test_every_active_reader_gets_one_mail(issue, mailoutbox):
    readers = SubscriptionFactory.create_batch(3)
    SubscriptionFactory(unsubscribed_at=timezone.now())
    SubscriptionFactory(user__is_active=False)

    accepted = send_issue(issue)

    assert accepted == 3
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(reader.user.email for reader in readers)


def test_what_was_sent_is_published(client, issue, mailoutbox):
    SubscriptionFactory()

    send_issue(issue)

    assert issue.status == Issue.Status.SENT
    path = link_in_text(mailoutbox[0], issue.get_absolute_url())
    assert client.get(path).status_code == 200


def test_an_issue_that_was_published_before_keeps_its_date(subscription):
    published_at = timezone.now() - timedelta(days=3)
    issue = IssueFactory(status=Issue.Status.SCHEDULED, published_at=published_at)

    send_issue(issue)

    assert issue.published_at == published_at


def test_an_issue_sent_before_its_date_is_published_now(subscription):
    issue = IssueFactory(status=Issue.Status.SCHEDULED, published_at=timezone.now() + timedelta(days=3))

    send_issue(issue)

    assert issue.published_at <= timezone.now()


@pytest.mark.parametrize("status", ["sending", "paused", "sent"])
def test_nobody_gets_an_issue_twice(subscription, mailoutbox, status):
    issue = PublishedIssueFactory(status=status)

    with pytest.raises(SendingError, match="not waiting to be sent"):
        send_issue(issue)

    assert mailoutbox == []


def test_the_text_is_in_both_parts(issue, subscription, mailoutbox):
    send_issue(issue)

    [mail] = mailoutbox
    assert "First paragraph.\n\nSecond paragraph." in text_of(mail)
    assert "<p>First paragraph.</p>" in html_of(mail)


def test_a_sign_in_the_text_is_escaped_for_html_only(subscription, mailoutbox):
    issue = IssueFactory(title="Q & A", body="1 < 2 & <b>bold</b>")

    send_issue(issue)

    [mail] = mailoutbox
    assert mail.subject == "Q & A"
    assert "1 < 2 & <b>bold</b>" in text_of(mail)
    assert "1 &lt; 2 &amp; &lt;b&gt;" in html_of(mail)


def test_an_issue_carries_the_headers_of_rfc_8058(issue, subscription, mailoutbox):
    send_issue(issue)

    message = received(mailoutbox[0])
    link = f"https://latchkey.example{link_in_text(mailoutbox[0], UNSUBSCRIBE)}"
    assert message.get_all("List-Unsubscribe") == [f"<{link}>"]
    assert message.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert message.get_all("List-Id") == ["<newsletter.latchkey.example>"]


def test_mail_providers_see_the_headers_unencoded_and_unbroken(issue, subscription, mailoutbox):
    send_issue(issue)

    head = mailoutbox[0].message().as_bytes().partition(b"\n\n")[0]
    lines = re.findall(rb"^List-[^:]+:.*(?:\n[ \t].*)*", head, re.MULTILINE)
    assert len(lines) == 3
    assert not [line for line in lines if b"=?" in line or re.search(rb"\S\n", line)]


def test_the_same_visible_link_is_in_both_parts(issue, subscription, mailoutbox):
    send_issue(issue)

    [mail] = mailoutbox
    assert link_in_text(mail, UNSUBSCRIBE) == link_in_html(mail, UNSUBSCRIBE)


def test_two_readers_get_two_links(issue, mailoutbox):
    SubscriptionFactory.create_batch(2)

    send_issue(issue)

    assert len({link_in_text(mail, UNSUBSCRIBE) for mail in mailoutbox}) == 2


def test_a_reader_has_one_link_for_every_issue(subscription, mailoutbox):
    send_issue(IssueFactory())
    send_issue(IssueFactory())

    assert link_in_text(mailoutbox[0], UNSUBSCRIBE) == link_in_text(mailoutbox[1], UNSUBSCRIBE)
    assert RequestToken.objects.count() == 1


def test_a_link_that_was_revoked_is_replaced(issue, subscription, mailoutbox):
    services.ensure_unsubscribe_token(subscription).revoke()

    send_issue(issue)

    subscription.refresh_from_db()
    assert subscription.unsubscribe_token.revoked_at is None
    assert subscription.unsubscribe_token.jwt() in link_in_text(mailoutbox[0], UNSUBSCRIBE)


def test_a_line_break_in_the_title_is_no_header(subscription, mailoutbox):
    send_issue(IssueFactory(title="One\r\nBcc: other@example.com"))

    assert received(mailoutbox[0])["Bcc"] is None


def test_an_address_that_is_refused_does_not_stop_the_others(issue, monkeypatch, caplog):
    refused, *_others = SubscriptionFactory.create_batch(3)
    sent = refuse(monkeypatch, refused.user.email, SMTPRecipientsRefused({}))

    accepted = send_issue(issue)

    assert accepted == len(sent) == 2
    assert issue.status == Issue.Status.SENT
    assert f"subscription={refused.pk}" in caplog.text
    assert refused.user.email not in caplog.text


@pytest.mark.parametrize("error", [SMTPServerDisconnected("gone"), ConnectionResetError("reset")])
def test_a_mail_server_that_goes_away_pauses_the_issue(issue, monkeypatch, error):
    readers = SubscriptionFactory.create_batch(3)
    refuse(monkeypatch, readers[1].user.email, error)

    with pytest.raises(SendingError, match="paused after 1 mails"):
        send_issue(issue)

    assert issue.status == Issue.Status.PAUSED


def test_one_connection_serves_all_readers(issue, monkeypatch):
    SubscriptionFactory.create_batch(3)
    opened = []
    monkeypatch.setattr(f"{BACKEND}.open", lambda self: opened.append(self))

    send_issue(issue)

    assert len(opened) == 1


def test_the_command_sends_a_draft(issue, subscription, mailoutbox, capsys):
    call_command("send_issue", issue.slug)

    assert "was sent to 1 reader" in capsys.readouterr().out
    assert len(mailoutbox) == 1


def test_the_command_names_the_drafts_when_there_is_no_such_issue(issue):
    with pytest.raises(CommandError, match=f"Drafts: {issue.slug}"):
        call_command("send_issue", "nothing")


def test_the_command_says_why_it_stops():
    issue = PublishedIssueFactory()

    with pytest.raises(CommandError, match="not waiting to be sent"):
        call_command("send_issue", issue.slug)


def refuse(monkeypatch, address, error):
    """Let the mail server raise at one address; what it took is in the list."""
    taken = []

    def send_messages(self, messages):
        if messages[0].to == [address]:
            raise error
        taken.extend(messages)
        return len(messages)

    monkeypatch.setattr(f"{BACKEND}.send_messages", send_messages)
    return taken


def test_sending_needs_as_many_queries_for_many_readers_as_for_one(issue, django_assert_max_num_queries):
    for subscription in SubscriptionFactory.create_batch(20):
        services.ensure_unsubscribe_token(subscription)

    with django_assert_max_num_queries(5):
        send_issue(issue)

    assert Subscription.objects.count() == 20

"""What a reader gets, read from the bytes that were sent."""

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailing import rendering
from apps.mailing.models import Dispatch
from apps.mailing.sending import SendingError, send
from apps.newsletter import services
from apps.newsletter.models import Subscription
from apps.tokens.models import RequestToken
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.emails import html_of, link_in_html, link_in_text, received, text_of

pytestmark = pytest.mark.django_db

UNSUBSCRIBE = reverse("newsletter:unsubscribe")


def test_every_active_reader_gets_one_mail(dispatch, mailoutbox):
    readers = SubscriptionFactory.create_batch(3)
    SubscriptionFactory(unsubscribed_at=timezone.now())
    SubscriptionFactory(user__is_active=False)

    accepted = send(dispatch)

    assert accepted == 3
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(reader.user.email for reader in readers)


def test_what_was_sent_is_published(client, dispatch, mailoutbox):
    SubscriptionFactory()

    send(dispatch)

    assert dispatch.status == Dispatch.Status.SENT
    path = link_in_text(mailoutbox[0], dispatch.issue.get_absolute_url())
    assert client.get(path).status_code == 200


def test_the_link_to_the_page_is_nobodys_own(dispatch, mailoutbox):
    SubscriptionFactory.create_batch(2)

    send(dispatch)

    links = {link_in_text(mail, dispatch.issue.get_absolute_url()) for mail in mailoutbox}
    assert links == {f"{dispatch.issue.get_absolute_url()}?"}


def test_an_issue_that_was_published_before_keeps_its_date(subscription):
    published_at = timezone.now() - timedelta(days=3)
    dispatch = DispatchFactory(issue__published_at=published_at)

    send(dispatch)

    dispatch.issue.refresh_from_db()
    assert dispatch.issue.published_at == published_at


def test_an_issue_sent_before_its_date_is_published_now(subscription):
    dispatch = DispatchFactory(issue__published_at=timezone.now() + timedelta(days=3))

    send(dispatch)

    dispatch.issue.refresh_from_db()
    assert dispatch.issue.published_at <= timezone.now()


@pytest.mark.parametrize("status", ["paused", "sent", "cancelled"])
def test_an_issue_that_is_over_or_paused_is_not_sent(subscription, mailoutbox, status):
    dispatch = DispatchFactory(status=status)

    with pytest.raises(SendingError):
        send(dispatch)

    assert mailoutbox == []


def test_the_text_is_in_both_parts(dispatch, subscription, mailoutbox):
    send(dispatch)

    [mail] = mailoutbox
    assert "First paragraph.\n\nSecond paragraph." in text_of(mail)
    assert "<p>First paragraph.</p>" in html_of(mail)


def test_markdown_is_text_in_one_part_and_html_in_the_other(subscription, mailoutbox):
    send(DispatchFactory(issue__body="## News\n\nRead [this](https://example.com/page), it is *good*."))

    [mail] = mailoutbox
    assert "Read [this](https://example.com/page), it is *good*." in text_of(mail)
    assert '<a href="https://example.com/page">this</a>, it is <em>good</em>' in html_of(mail)


def test_a_sign_in_the_text_is_escaped_for_html_only(subscription, mailoutbox):
    dispatch = DispatchFactory(issue__title="Q & A", issue__body="1 < 2 & <b>bold</b>")

    send(dispatch)

    [mail] = mailoutbox
    assert mail.subject == "Q & A"
    assert "1 < 2 & <b>bold</b>" in text_of(mail)
    assert "1 &lt; 2 &amp; &lt;b&gt;" in html_of(mail)


def test_an_issue_carries_the_headers_of_a_list(dispatch, subscription, mailoutbox):
    send(dispatch)

    message = received(mailoutbox[0])
    link = f"https://latchkey.example{link_in_text(mailoutbox[0], UNSUBSCRIBE)}"
    assert message.get_all("List-Unsubscribe") == [f"<{link}>"]
    assert message.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert message.get_all("List-Id") == ["<newsletter.latchkey.example>"]
    sent_at = parsedate_to_datetime(message["Date"]).replace(tzinfo=timezone.get_default_timezone())
    assert abs(sent_at - timezone.now()) < timedelta(minutes=1)


def test_mail_providers_see_the_headers_unencoded_and_unbroken(dispatch, subscription, mailoutbox):
    send(dispatch)

    head = mailoutbox[0].message().as_bytes().partition(b"\n\n")[0]
    lines = re.findall(rb"^List-[^:]+:.*(?:\n[ \t].*)*", head, re.MULTILINE)
    assert len(lines) == 3
    assert not [line for line in lines if b"=?" in line or re.search(rb"\S\n", line)]


def test_every_delivery_has_a_message_id_of_its_own(dispatch, mailoutbox):
    SubscriptionFactory.create_batch(2)

    send(dispatch)

    expected = [
        f"<dispatch-{dispatch.pk}.delivery-{pk}@latchkey.example>"
        for pk in dispatch.deliveries.values_list("pk", flat=True)
    ]
    assert [received(mail)["Message-ID"] for mail in mailoutbox] == expected


@pytest.mark.parametrize(
    "name", ["Reader, the first", 'Reader "R" Reader', "Łukasz Čtenář", "Reader <other@example.com>"]
)
def test_a_name_cannot_change_who_gets_the_mail(dispatch, mailoutbox, name):
    SubscriptionFactory(user__name=name, user__email="reader@example.com")

    send(dispatch)

    [address] = received(mailoutbox[0])["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "reader@example.com")


def test_the_same_visible_link_is_in_both_parts(dispatch, subscription, mailoutbox):
    send(dispatch)

    [mail] = mailoutbox
    assert link_in_text(mail, UNSUBSCRIBE) == link_in_html(mail, UNSUBSCRIBE)


def test_a_link_is_escaped_for_html_only(dispatch):
    mail = rendering.IssueMail(dispatch.issue).message(
        "reader@example.com", unsubscribe_url="https://latchkey.example/?rt=x&a=1"
    )

    assert "https://latchkey.example/?rt=x&a=1" in text_of(mail)
    assert 'href="https://latchkey.example/?rt=x&amp;a=1"' in html_of(mail)


def test_two_readers_get_two_links(dispatch, mailoutbox):
    SubscriptionFactory.create_batch(2)

    send(dispatch)

    assert len({link_in_text(mail, UNSUBSCRIBE) for mail in mailoutbox}) == 2


def test_a_reader_has_one_link_for_every_issue(subscription, mailoutbox):
    send(DispatchFactory())
    send(DispatchFactory())

    assert link_in_text(mailoutbox[0], UNSUBSCRIBE) == link_in_text(mailoutbox[1], UNSUBSCRIBE)
    assert RequestToken.objects.count() == 1


def test_a_link_that_was_revoked_is_replaced(dispatch, subscription, mailoutbox):
    services.ensure_unsubscribe_token(subscription).revoke()

    send(dispatch)

    subscription.refresh_from_db()
    assert subscription.unsubscribe_token.revoked_at is None
    assert subscription.unsubscribe_token.jwt() in link_in_text(mailoutbox[0], UNSUBSCRIBE)


def test_the_postal_address_is_in_both_parts(dispatch, subscription, mailoutbox, settings):
    settings.NEWSLETTER_POSTAL_ADDRESS = "Latchkey & Sons, 1 High Street"

    send(dispatch)

    assert "Latchkey & Sons, 1 High Street" in text_of(mailoutbox[0])
    assert "Latchkey &amp; Sons, 1 High Street" in html_of(mailoutbox[0])


def test_a_line_break_in_the_title_is_no_header(subscription, mailoutbox):
    send(DispatchFactory(issue__title="One\r\nBcc: other@example.com"))

    assert received(mailoutbox[0])["Bcc"] is None


def test_the_parts_that_all_readers_share_are_rendered_once(dispatch, mailoutbox, monkeypatch):
    SubscriptionFactory.create_batch(5)
    rendered = []
    render = rendering.render_to_string
    monkeypatch.setattr(rendering, "render_to_string", lambda name, *args: rendered.append(name) or render(name, *args))

    send(dispatch)

    assert len(mailoutbox) == 5
    assert rendered == ["mailing/mail/issue.txt", "mailing/mail/issue.html"]


def test_no_mail_needs_a_query_for_its_link(dispatch, mailoutbox, django_assert_max_num_queries):
    for subscription in SubscriptionFactory.create_batch(20):
        services.ensure_unsubscribe_token(subscription)

    # A look before and a mark after each mail; the rest does not grow with the readers.
    with django_assert_max_num_queries(2 * 20 + 32):
        send(dispatch)

    assert len(mailoutbox) == 20


@pytest.mark.parametrize(
    ("source", "wrapped"),
    [
        ("word " * 20, f"{'word ' * 15}\n{'word ' * 5}"),
        ("- " + "word " * 20, f"- {'word ' * 15}\n  {'word ' * 5}"),
        ("*very* " + "word " * 20, f"*very* {'word ' * 14}\n{'word ' * 6}"),
        ("> " + "word " * 20, f"> {'word ' * 15}\n> {'word ' * 5}"),
        ("12. " + "word " * 20, f"12. {'word ' * 14}\n    {'word ' * 6}"),
        ("https://example.com/" + "x" * 90, "https://example.com/" + "x" * 90),
        ("```\n" + "code " * 20 + "\n```", "```\n" + "code " * 20 + "\n```"),
        ("# " + "heading " * 12, "# " + "heading " * 12),
    ],
)
def test_long_lines_are_wrapped_and_stay_markdown(source, wrapped):
    lines = rendering.wrap_markdown(source).splitlines()

    assert [line.rstrip() for line in lines] == [line.rstrip() for line in wrapped.splitlines()]


@pytest.mark.parametrize("link_in", [link_in_text, link_in_html])
def test_the_link_in_an_issue_shows_a_button_and_the_button_ends_the_subscription(
    visitor, subscription, dispatch, mailoutbox, link_in
):
    send(dispatch)

    page = visitor.get(link_in(mailoutbox[0], UNSUBSCRIBE))
    still_active = Subscription.objects.active().exists()
    visitor.press(page)

    assert still_active
    assert not Subscription.objects.active().exists()

"""A link that is refused says why, and offers another one in one press."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts import asking
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.browsers import Visitor
from tests.support.emails import link_in_text
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

LOGIN_LINK = reverse("accounts:login_link")
SIGNUP_LINK = reverse("accounts:signup")
NEW_LINK = reverse("accounts:new_link")


def expire():
    RequestToken.objects.update(expiration_time=timezone.now() - timedelta(minutes=1))


def use_up():
    RequestToken.objects.update(used_to_date=1, last_used_at=timezone.now())


def revoke():
    RequestToken.objects.all().revoke()


def supersede():
    RequestToken.objects.all().revoke(reason=RequestToken.RevokedReason.SUPERSEDED)


REASONS = [
    (expire, "expired", "This link has expired", "It expired on"),
    (use_up, "used_up", "This link has already been used", "It was last used on"),
    (revoke, "revoked", "This link has been withdrawn", "It was withdrawn on"),
    (supersede, "revoked", "A newer link has replaced this one", "It was withdrawn on"),
]


@pytest.mark.parametrize(
    ("change", "code", "heading", "fact"), REASONS, ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("path", [LOGIN_LINK, SIGNUP_LINK])
def test_a_refused_link_says_why_and_when_and_sends_another_in_one_press(
    visitor, ask, mailoutbox, path, change, code, heading, fact
):
    if path == LOGIN_LINK:
        UserFactory(email="reader@example.com")
    ask()
    link = link_in_text(mailoutbox.pop(), path)
    change()

    refusal = visitor.get(link)
    sent = visitor.press(refusal)

    assert reason(refusal) == code
    assert f"<h1>{heading}</h1>" in refusal.content.decode()
    assert fact in refusal.content.decode()
    assert "reader@example.com" not in refusal.content.decode()
    assert (sent.status_code, sent.url) == (303, reverse("accounts:login_sent"))
    assert mailoutbox[0].to == ["reader@example.com"]
    assert link_in_text(mailoutbox[0], path) != link


def test_the_new_link_signs_in_where_it_was_asked_for(visitor, reader, ask, mailoutbox):
    ask()
    link = link_in_text(mailoutbox.pop(), LOGIN_LINK)
    expire()

    visitor.press(visitor.get(link))
    visitor.get(link_in_text(mailoutbox[0], LOGIN_LINK))

    assert visitor.user_id == reader.pk


def test_an_older_link_ends_when_a_newer_one_has_signed_in(client, reader, ask, mailoutbox):
    ask()
    ask()
    older, newer = (link_in_text(mail, LOGIN_LINK) for mail in mailoutbox)
    client.get(newer)
    client.post(reverse("accounts:logout"))

    answer = Visitor().get(older)

    assert reason(answer) == "revoked"
    assert "A newer link has replaced this one" in answer.content.decode()


@pytest.mark.parametrize("path", [LOGIN_LINK, SIGNUP_LINK])
@pytest.mark.parametrize("text", ["", "x", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "a" * 9000, "\x00"])
def test_what_is_no_link_of_ours_leads_to_the_form_and_sends_nothing(client, mailoutbox, path, text):
    answer = client.post(NEW_LINK, {"link": text})

    assert answer.url == reverse("accounts:login")
    assert mailoutbox == []


def test_a_link_for_something_else_sends_nothing(client, reader, mailoutbox):
    token = RequestToken.objects.create_token(scope="newsletter.unsubscribe", login_mode="Request", user=reader)

    assert client.post(NEW_LINK, {"link": token.jwt()}).url == reverse("accounts:login")
    assert mailoutbox == []


def test_a_mangled_link_offers_nothing_that_depends_on_whose_it_was(client, reader):
    link = asking.login_token(reader).tokenise(LOGIN_LINK)

    page = client.get(link[:-1]).content.decode()

    assert NEW_LINK not in page
    assert "reader@" not in page


def test_new_links_count_like_any_other(client, reader, ask, mailoutbox):
    """Threat: a stranger who uses an old link to fill its owner's mailbox."""
    ask()
    jwt = RequestToken.objects.get().jwt()

    answers = [client.post(NEW_LINK, {"link": jwt}) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {303}
    assert len(mailoutbox) == 3

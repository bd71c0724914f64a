import re
from html import unescape

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.mailing.models import LeavingReason
from apps.newsletter.models import Subscription
from tests.factories import UserFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.emails import link_in_text
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

UNSUBSCRIBE = reverse("newsletter:unsubscribe")
REASON = reverse("mailing:leaving_reason")


@pytest.fixture
def left(visitor, subscription, issue, mailoutbox):
    """The page after the button was pressed behind the link of a mail."""
    call_command("send_issue", issue.slug)
    return visitor.press(visitor.get(link_in_text(mailoutbox[0], UNSUBSCRIBE)))


def reason_path(page):
    [link] = re.findall(rf'href="({REASON}[^"]*)"', page.content.decode())
    return unescape(link)


def give(visitor, page, **fields):
    return visitor.press(visitor.get(reason_path(page)), **fields)


def stored():
    return LeavingReason.objects.values_list("reason", "comment").first() or ("", "")


def test_the_reason_is_asked_when_everything_is_done(left, subscription):
    subscription.refresh_from_db()

    assert subscription.unsubscribed_at is not None
    assert REASON in left.content.decode()


def test_no_reason_is_asked_before_the_button_is_pressed(client, unsubscribe_path):
    page = client.get(unsubscribe_path)

    assert not re.search("<(select|textarea|fieldset)", page.content.decode())


def test_what_is_said_is_kept_with_the_subscription_and_no_token_with_it(visitor, left):
    answer = give(visitor, left, reason="too_often", comment="Once a month would do.")

    assert answer.status_code == 200
    assert "Thank you" in answer.content.decode()
    assert stored() == ("too_often", "Once a month would do.")


def test_to_say_nothing_is_fine(visitor, left):
    answer = give(visitor, left)

    assert answer.status_code == 200
    assert stored() == ("", "")


def test_undo_is_still_there_after_the_reason_and_forgets_it(visitor, left, subscription):
    answer = give(visitor, left, reason="other", comment="By mistake")

    page = visitor.press(answer)

    assert "You are back" in page.content.decode()
    assert stored() == ("", "")


def test_who_subscribes_anew_has_no_reason_for_leaving(visitor, left, subscription, mailoutbox, commit_at_once):
    give(visitor, left, reason="other")

    visitor.press(visitor.get(reverse("newsletter:subscribe")), email=subscription.user.email)
    visitor.press(visitor.get(link_in_text(mailoutbox[-1], reverse("newsletter:confirm"))))

    assert stored() == ("", "")
    assert Subscription.objects.active().exists()


@pytest.mark.parametrize("fields", [{"reason": "nonsense"}, {"comment": "x" * 501}, {"comment": "\0"}])
def test_what_cannot_be_kept_is_shown_again_with_an_error(visitor, left, fields):
    page = give(visitor, left, **fields)

    assert page.status_code == 200
    assert 'class="field-error"' in page.content.decode()
    assert stored() == ("", "")


def test_the_form_shown_again_can_be_sent(visitor, left):
    page = give(visitor, left, comment="x" * 501)

    visitor.press(page, comment="Short.")

    assert stored() == ("", "Short.")


def test_what_is_said_is_shown_to_staff_as_text(client, visitor, left, subscription):
    give(visitor, left, reason="other", comment="<b>bold</b>")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = client.get(reverse("admin:newsletter_subscription_change", args=[subscription.pk]))

    assert "&lt;b&gt;bold" in page.content.decode()


def test_giving_a_reason_needs_a_csrf_token(left):
    answer = Client(enforce_csrf_checks=True).post(reason_path(left), {"reason": "other"})

    assert reason(answer) == "csrf"
    assert stored() == ("", "")


def test_giving_a_reason_needs_the_link(client, left):
    answer = client.post(REASON, {"reason": "other"})

    assert reason(answer) == "missing"
    assert stored() == ("", "")


def test_opening_the_page_gives_no_reason(client, left):
    answer = client.get(f"{reason_path(left)}&reason=other")

    assert answer.status_code == 200
    assert stored() == ("", "")


def test_somebody_who_is_still_subscribed_has_no_reason_for_leaving(client, subscription, unsubscribe_path):
    client.post(unsubscribe_path.replace(UNSUBSCRIBE, REASON), {"reason": "other"})

    assert stored() == ("", "")


def test_nobody_speaks_for_another_reader(client, left, subscription):
    SubscriptionFactory(unsubscribed_at="2026-01-01T00:00:00Z")

    client.post(reason_path(left), {"reason": "other"})

    assert LeavingReason.objects.get().subscription == subscription


def test_a_provider_gets_no_form(unsubscribe_path):
    page = Client(enforce_csrf_checks=True).post(unsubscribe_path)

    assert page.status_code == 200
    assert REASON not in page.content.decode()
    assert not page.cookies


def test_a_reason_is_erased_with_the_account(visitor, left, subscription):
    give(visitor, left, comment="My name is Reader")

    subscription.user.delete()

    assert not LeavingReason.objects.exists()

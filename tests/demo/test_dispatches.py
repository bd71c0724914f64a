"""What the demo has sent, and what its editor can send."""

import pytest
from django.core import mail
from django.urls import reverse

from apps.accounts.models import User
from apps.demo import seed
from apps.mailing.models import Delivery, Dispatch
from apps.newsletter.models import Issue, Subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor_client(client):
    seed.seed()
    client.force_login(User.objects.get(email=seed.EDITOR))
    return client


def test_a_report_has_some_two_hundred_emails_with_failures_and_leavers(editor_client):
    newest = Issue.objects.published().first()

    report = editor_client.get(reverse("mailing:issue", args=[newest.slug])).context["report"]

    assert 190 < report.total < 210
    assert 0 < report.counts["failed"] < 10
    assert report.failures == [("550 5.1.1", 5), ("552 5.2.2", 2)]
    assert report.unsubscribed_since == 2


def test_every_issue_on_the_site_was_sent_and_its_ledger_adds_up(editor_client):
    dispatches = Dispatch.objects.filter(status=Dispatch.Status.SENT)

    assert {dispatch.issue for dispatch in dispatches} == set(Issue.objects.published())
    assert all(dispatch.recipient_count == dispatch.deliveries.count() for dispatch in dispatches)


def test_once_more_sends_nothing_again(editor_client):
    before = (Delivery.objects.count(), Subscription.objects.active().count())

    seed.seed()

    assert (Delivery.objects.count(), Subscription.objects.active().count()) == before


@pytest.mark.django_db(transaction=True)
def test_send_it_now_sends_the_draft_to_every_reader_at_once(editor_client):
    draft = Issue.objects.get(published_at=None)

    page = editor_client.post(reverse("mailing:send", args=[draft.slug]), follow=True)

    assert "Sent" in page.content.decode()
    assert [email.subject for email in mail.outbox] == [draft.title] * Subscription.objects.active().count()
    assert len(mail.outbox) > 10

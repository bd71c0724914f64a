"""Test, send, schedule, pause, resume, cancel."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from django.core import mail
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone as now_timezone

from apps.mailing import sending, tasks
from apps.mailing.desk import sending as desk_sending
from apps.mailing.models import Dispatch
from apps.newsletter.models import Issue, Subscription
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.emails import html_of, received, text_of

pytestmark = pytest.mark.django_db


def url(name, issue):
    return reverse(f"mailing:{name}", args=[issue.slug])


def press(client, name, issue, **fields):
    return client.post(url(name, issue), fields, follow=True)


@pytest.fixture
def running(issue, dispatch_of):
    SubscriptionFactory.create_batch(3)
    sending.start(dispatch_of(issue))
    return issue


@pytest.fixture
def dispatch_of():
    """The one dispatch of an issue, due if it has none."""

    def dispatch_of(issue):
        Dispatch.objects.schedule(issue, now_timezone.now())
        return Dispatch.objects.get(issue=issue)

    return dispatch_of


# A test to oneself


def test_the_test_is_the_issue_as_a_reader_gets_it_and_goes_to_who_pressed(editor_client, editor, issue):
    SubscriptionFactory()

    press(editor_client, "test", issue)

    [message] = mail.outbox
    assert message.to == [f"Editor <{editor.email}>"]
    assert message.subject == issue.title
    assert "First paragraph." in text_of(message)
    assert "<p>First paragraph.</p>" in html_of(message)
    assert received(message)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_test_has_nobodys_unsubscribe_token_when_the_editor_is_no_reader(editor_client, issue):
    SubscriptionFactory()

    press(editor_client, "test", issue)

    [message] = mail.outbox
    assert received(message)["List-Unsubscribe"] == "<https://latchkey.example/newsletter/unsubscribe/>"
    assert "rt=" not in text_of(message) + html_of(message)
    assert not RequestToken.objects.exists()


def test_the_test_has_the_editors_own_link_when_the_editor_is_a_reader(editor_client, editor, issue):
    SubscriptionFactory()
    SubscriptionFactory(user=editor)

    press(editor_client, "test", issue)

    [link] = re.findall(r"<https://latchkey\.example(/[^>]+)>", received(mail.outbox[0])["List-Unsubscribe"])
    editor_client.logout()
    editor_client.post(link)
    assert list(Subscription.objects.filter(unsubscribed_at__isnull=False).values_list("user", flat=True)) == [
        editor.pk
    ]


def test_a_test_leaves_no_trace_in_the_ledger_and_publishes_nothing(editor_client, issue):
    page = press(editor_client, "test", issue)

    issue.refresh_from_db()
    assert (issue.published_at, Dispatch.objects.count()) == (None, 0)
    assert "A test is on its way" in page.text


def test_a_mail_server_that_is_away_is_reported_on_the_page(editor_client, issue, monkeypatch):
    def fail(self, *args, **kwargs):
        raise ConnectionRefusedError("secret words")

    monkeypatch.setattr("apps.tokens.mail.LinkEmail.send", fail)

    page = press(editor_client, "test", issue)

    assert "The email was not sent: ConnectionRefusedError." in page.text
    assert "secret words" not in page.text


# Now or later


def test_the_page_says_how_many_readers_there_are(editor_client, issue):
    SubscriptionFactory.create_batch(2)
    SubscriptionFactory(unsubscribed_at=now_timezone.now())
    SubscriptionFactory(user=UserFactory(is_active=False))

    assert "2 readers get it by email" in editor_client.get(url("send", issue)).text


def test_without_readers_the_page_says_so(editor_client, issue):
    assert "There are no readers yet" in editor_client.get(url("send", issue)).text


def test_without_a_queue_a_small_issue_goes_out_while_the_editor_waits(editor_client, issue):
    SubscriptionFactory.create_batch(2)

    page = press(editor_client, "send", issue)

    assert Dispatch.objects.get().status == Dispatch.Status.SENT
    assert len(mail.outbox) == 2
    assert "No worker" not in page.text
    assert client_sees(editor_client, issue)


def client_sees(client, issue):
    return client.get(issue.get_absolute_url()).status_code == 200


def test_without_a_queue_a_large_issue_waits_for_one_command(editor_client, issue, monkeypatch):
    monkeypatch.setattr(desk_sending, "SMALL", 2)
    SubscriptionFactory.create_batch(3)

    page = press(editor_client, "send", issue)

    assert (Dispatch.objects.get().status, client_sees(editor_client, issue)) == (Dispatch.Status.SCHEDULED, True)
    assert mail.outbox == []
    assert re.findall(r"<code>(.*?)</code>", page.text) == [f"python manage.py send_issue {issue.slug}"]
    assert 'http-equiv="refresh"' in page.text


def test_the_page_comes_when_its_seconds_are_over_and_names_the_command_for_the_rest(editor_client, issue, monkeypatch):
    monkeypatch.setattr(desk_sending, "LONGEST_SECONDS", 0)
    SubscriptionFactory.create_batch(2)

    page = press(editor_client, "send", issue)

    assert mail.outbox == []
    assert f"manage.py send_issue {issue.slug}" in page.text


def test_the_page_does_not_wait_for_an_email_that_is_to_be_tried_again_later(
    editor_client, issue, smtp, transactional_db
):
    later, now = SubscriptionFactory.create_batch(2)
    smtp.recipient_answers[later.user.email] = "450 4.2.0 busy"

    press(editor_client, "send", issue)

    assert smtp.addresses == [now.user.email]
    assert Dispatch.objects.get().deliveries.counts()["retry"] == 1


def test_a_mail_server_that_lets_nobody_send_pauses_it_and_the_page_says_why(
    editor_client, issue, smtp, transactional_db
):
    SubscriptionFactory()
    smtp.sender_answer = "550 5.7.1 no"

    page = press(editor_client, "send", issue)

    assert Dispatch.objects.get().status == Dispatch.Status.PAUSED
    assert "does not let us send" in page.text


def test_the_command_for_cron_sends_what_is_due(issue, transactional_db, dispatch_of):
    SubscriptionFactory.create_batch(2)
    dispatch = dispatch_of(issue)

    call_command("send_due_issues")

    dispatch.refresh_from_db()
    assert (dispatch.status, len(mail.outbox)) == (Dispatch.Status.SENT, 2)


@pytest.fixture
def queue(settings, monkeypatch):
    """What would go to a queue that is there."""
    settings.TASKS_BACKEND = "database"
    enqueued = []
    monkeypatch.setattr(type(tasks.send_dispatch), "enqueue", lambda task, *args: enqueued.append(args))
    return enqueued


def test_with_a_queue_a_worker_is_asked_at_once_and_gets_an_id_and_nothing_else(editor_client, issue, queue):
    press(editor_client, "send", issue)

    assert queue == [(Dispatch.objects.get().pk,)]


def test_with_a_queue_as_many_workers_are_asked_as_the_setting_says(editor_client, issue, queue, settings):
    settings.NEWSLETTER_WORKERS = 3

    press(editor_client, "send", issue)

    assert queue == [(Dispatch.objects.get().pk,)] * 3


def test_what_is_for_later_wakes_no_worker(editor_client, issue, queue):
    press(editor_client, "send", issue, later="", at="2099-01-01T10:00")

    assert queue == []


def test_a_time_is_read_in_the_time_zone_of_the_site(editor_client, issue, settings):
    settings.TIME_ZONE = "Europe/Berlin"

    page = press(editor_client, "send", issue, later="", at="2099-01-01T10:00")

    dispatch = Dispatch.objects.get()
    assert dispatch.status == Dispatch.Status.SCHEDULED
    assert dispatch.scheduled_at == datetime(2099, 1, 1, 9, 0, tzinfo=timezone.utc)
    assert "goes out on 1 January 2099, 10:00 CET" in page.text
    assert 'http-equiv="refresh"' not in page.text


def test_the_form_names_the_time_zone(editor_client, issue, settings):
    settings.TIME_ZONE = "Europe/Berlin"

    assert "In the time zone Europe/Berlin, where it is" in editor_client.get(url("send", issue)).text


def test_the_time_can_be_changed_and_the_form_has_the_old_one(editor_client, issue):
    press(editor_client, "send", issue, later="", at="2099-01-01T10:00")

    assert 'value="2099-01-01T10:00"' in editor_client.get(url("send", issue)).text
    press(editor_client, "send", issue, later="", at="2099-02-01T10:00")
    assert Dispatch.objects.get().scheduled_at.month == 2


@pytest.mark.parametrize(
    "at", ["", "x", "2020-01-01T10:00", "2099-13-01T10:00", "0000-00-00T00:00", "9" * 50, "9999-12-31T23:59"]
)
def test_a_time_that_is_none_or_has_passed_is_refused(editor_client, issue, at):
    page = press(editor_client, "send", issue, later="", at=at)

    assert "Please check what you typed" in page.text
    assert not Dispatch.objects.exists()


def test_an_hour_that_the_clocks_leave_out_is_refused(editor_client, issue, settings):
    settings.TIME_ZONE = "Europe/Berlin"

    page = press(editor_client, "send", issue, later="", at="2099-03-29T02:30")

    assert "Please check what you typed" in page.text
    assert "it may not exist" in page.text


def test_what_is_scheduled_can_be_taken_back(editor_client, issue):
    Dispatch.objects.schedule(issue, now_timezone.now() + timedelta(days=1))

    page = press(editor_client, "unschedule", issue)

    assert "It will not be sent." in page.text
    assert Issue.objects.get().published_at is None
    assert not Dispatch.objects.exists()


@pytest.mark.parametrize("status", ["sending", "paused", "sent", "cancelled"])
@pytest.mark.parametrize("name", ["send", "unschedule"])
def test_what_has_been_started_is_neither_scheduled_nor_taken_back(editor_client, status, name):
    issue = DispatchFactory(status=status).issue

    press(editor_client, name, issue, later="", at="2099-01-01T10:00")

    assert Dispatch.objects.get().status == status


# On its way


def test_pause_and_go_on(editor_client, running):
    paused = press(editor_client, "pause", running)
    assert Dispatch.objects.get().status == Dispatch.Status.PAUSED
    assert "Paused by Editor." in paused.text

    press(editor_client, "resume", running)
    assert Dispatch.objects.get().status == Dispatch.Status.SENT


def test_going_on_asks_the_queue_for_a_worker(editor_client, running, queue):
    press(editor_client, "pause", running)

    press(editor_client, "resume", running)

    assert queue == [(running.dispatch.pk,)]


def test_cancelling_asks_first_and_says_for_how_many(editor_client, running):
    page = editor_client.get(url("cancel", running))

    assert "3 readers are still waiting for" in page.text
    assert Dispatch.objects.get().status == Dispatch.Status.SENDING


@pytest.mark.parametrize("first", ["", "pause"])
def test_cancelling_leaves_out_who_is_waiting_and_keeps_the_ledger_whole(editor_client, running, first):
    if first:
        press(editor_client, first, running)

    page = press(editor_client, "cancel", running)

    assert Dispatch.objects.get().status == Dispatch.Status.CANCELLED
    assert running.dispatch.deliveries.counts()["skipped"] == 3
    assert "Cancelled. No other reader gets it." in page.text


@pytest.mark.parametrize("name", ["pause", "resume", "cancel", "unschedule"])
def test_a_button_that_comes_too_late_says_so_and_changes_nothing(editor_client, name):
    issue = DispatchFactory(status="sent").issue

    page = press(editor_client, name, issue)

    assert "Nothing was changed" in page.text
    assert Dispatch.objects.get().status == Dispatch.Status.SENT


def test_what_has_not_begun_cannot_be_cancelled_and_has_no_page_for_it(editor_client):
    issue = DispatchFactory().issue

    assert editor_client.get(url("cancel", issue)).url == url("issue", issue)

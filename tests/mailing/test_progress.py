"""The pages of an issue on its way and of one that is over: their numbers come out of the ledger."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.mailing import sending
from apps.mailing.desk.report import Report
from apps.mailing.models import Dispatch
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db

FINISHED = {"finished_at": timezone.now()}
STATES = {
    "queued": {},
    "claimed": {"claimed_by": "worker", "claimed_until": timezone.now() + timedelta(days=1)},
    "retry": {"next_attempt_at": timezone.now() + timedelta(days=1)},
    "sent": FINISHED,
    "failed": FINISHED | {"error": "550 5.1.1"},
    "unknown": FINISHED,
    "skipped": FINISHED,
}


def mark(delivery, status, **fields):
    type(delivery).objects.filter(pk=delivery.pk).update(status=status, **STATES[status] | fields)


@pytest.fixture
def running(dispatch):
    """One email in each state, and a second one that was sent."""
    SubscriptionFactory.create_batch(len(STATES) + 1)
    sending.start(dispatch)
    for delivery, status in zip(dispatch.deliveries.order_by("pk"), [*STATES, "sent"], strict=True):
        mark(delivery, status)
    return dispatch


@pytest.fixture
def over(running):
    for delivery in running.deliveries.filter(status__in=["queued", "claimed", "retry"]):
        mark(delivery, "sent", claimed_by="", claimed_until=None, next_attempt_at=None)
    Dispatch.objects.finish()
    return running


def page_of(client, dispatch, query=""):
    return client.get(reverse("mailing:issue", args=[dispatch.issue.slug]) + query).text


def numbers(page):
    """The table, as label and count."""
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="number">(?:<strong>)?(\d+)', page)
    return {label: int(count) for label, count in rows}


def test_every_state_is_on_the_page_and_the_sum_is_the_last_line(editor_client, running):
    found = numbers(page_of(editor_client, running))

    total = found.pop("All readers")
    assert found == {
        "Queued": 1,
        "Being sent": 1,
        "To be tried again": 1,
        "Sent": 2,
        "Failed": 1,
        "In doubt": 1,
        "Skipped": 1,
    }
    assert sum(found.values()) == total == running.recipient_count


def test_no_state_of_the_ledger_is_missing_from_the_table(running):
    assert {line.status for line in Report(running).lines} == set(STATES)


def test_a_state_that_no_email_is_in_is_not_shown(editor_client, running):
    running.deliveries.filter(status="failed").delete()

    assert "Failed" not in page_of(editor_client, running)


def test_the_numbers_are_one_question_so_that_they_add_up_while_mails_go_out(editor_client, running):
    with CaptureQueriesContext(connection) as queries:
        page_of(editor_client, running)

    about_mails = [query["sql"] for query in queries if "mailing_delivery" in query["sql"]]
    assert len(about_mails) == 1


def test_the_bar_says_in_words_what_it_shows(editor_client, running):
    page = page_of(editor_client, running)

    assert "5 of 8 emails are done: 62 %." in page
    assert '<progress aria-labelledby="progress" value="5" max="8">62 %</progress>' in page
    assert "<title>62 % - " in page


def test_progress_is_never_a_hundred_per_cent_while_an_email_is_waiting(dispatch):
    SubscriptionFactory.create_batch(201)
    sending.start(dispatch)
    dispatch.deliveries.exclude(pk=dispatch.deliveries.first().pk).update(status="sent", **FINISHED)

    assert Report(dispatch).percent == 99


def test_an_issue_without_readers_is_done(editor_client, dispatch):
    sending.start(dispatch)

    assert "0 of 0 emails are done: 100 %." in page_of(editor_client, dispatch)


def test_the_page_looks_again_by_itself_only_while_the_issue_is_being_sent(editor_client, running):
    assert '<meta http-equiv="refresh" content="5">' in page_of(editor_client, running)

    Dispatch.objects.pause("Too many failures.")
    assert "refresh" not in page_of(editor_client, running)

    Dispatch.objects.resume()
    sending.cancel(running)
    assert "refresh" not in page_of(editor_client, running)


def test_the_page_can_be_made_to_stand_still(editor_client, running):
    page = page_of(editor_client, running)
    assert 'href="?still"' in page

    still = page_of(editor_client, running, "?still")
    assert "refresh" not in still
    assert "This page does not update by itself." in still


def test_a_pause_says_why(editor_client, running):
    Dispatch.objects.pause("11 of the last 200 emails failed & more.")

    assert "11 of the last 200 emails failed &amp; more." in page_of(editor_client, running)


def test_the_page_offers_what_can_be_done_now(editor_client, running):
    def offered():
        page = page_of(editor_client, running)
        names = ("pause", "resume", "cancel", "send", "edit")
        urls = {name: reverse(f"mailing:{name}", args=[running.issue.slug]) for name in names}
        return {name for name, url in urls.items() if f'"{url}"' in page}

    assert offered() == {"pause", "cancel"}

    Dispatch.objects.pause("")
    assert offered() == {"resume", "cancel"}

    sending.cancel(running)
    assert offered() == {"edit"}


def test_the_page_says_when_nobody_is_sending(editor_client, running):
    assert "No worker is sending" not in page_of(editor_client, running)

    running.deliveries.filter(status="claimed").update(status="queued", claimed_by="", claimed_until=None)
    assert f"manage.py send_issue {running.issue.slug}" in page_of(editor_client, running)


def test_the_report_has_the_numbers_of_the_ledger(editor_client, over):
    page = page_of(editor_client, over)

    found = numbers(page)
    assert {label: found[label] for label in ("Sent", "Failed", "In doubt", "Skipped", "All readers")} == {
        "Sent": 5,
        "Failed": 1,
        "In doubt": 1,
        "Skipped": 1,
        "All readers": 8,
    }
    assert "<dt>Unsubscribed since</dt><dd>0</dd>" in page
    assert "refresh" not in page


def test_the_report_counts_readers_who_got_it_and_have_left_since(editor_client, over):
    got_it = [delivery.subscription for delivery in over.deliveries.filter(status="sent")]
    failed = over.deliveries.get(status="failed").subscription
    for reader in (*got_it[:2], failed, SubscriptionFactory()):
        type(reader).objects.filter(pk=reader.pk).update(unsubscribed_at=timezone.now())
    type(failed).objects.filter(pk=got_it[2].pk).update(unsubscribed_at=timezone.now() - timedelta(days=1))

    assert "<dt>Unsubscribed since</dt><dd>2</dd>" in page_of(editor_client, over)


def test_the_report_says_what_the_mail_server_answered(editor_client, over):
    page = page_of(editor_client, over)

    assert numbers(page)["550 5.1.1"] == 1


def test_the_report_explains_what_is_in_doubt_only_if_something_is(editor_client, over):
    assert "In doubt: a worker was stopped" in page_of(editor_client, over)

    over.deliveries.filter(status="unknown").update(status="sent")
    assert "In doubt: a worker was stopped" not in page_of(editor_client, over)


def test_the_report_names_no_reader(editor_client, over):
    page = page_of(editor_client, over)

    assert not [user for user in over.deliveries.values_list("subscription__user__email", flat=True) if user in page]


def test_an_issue_that_had_no_readers_has_a_report_too(editor_client):
    assert "There were no readers yet" in page_of(editor_client, DispatchFactory(status="sent"))

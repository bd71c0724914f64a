"""The confirmation email as work for a queue."""

import pytest
from django.urls import reverse

from apps.newsletter import emails
from apps.tokens.models import RequestToken

pytestmark = pytest.mark.django_db

SUBSCRIBE = reverse("newsletter:subscribe")


def test_a_queue_holds_the_id_of_the_confirmation_and_no_link_and_no_address(client, queue, mailoutbox):
    client.post(SUBSCRIBE, {"email": "newcomer@example.com"})

    [queued] = queue.results
    assert (queued.args, queued.kwargs) == ([RequestToken.objects.get().pk], {})
    assert mailoutbox == []


def test_what_the_worker_finds_is_sent_to_the_new_reader(client, queue, mailoutbox):
    client.post(SUBSCRIBE, {"email": "newcomer@example.com"})
    [queued] = queue.results

    emails.send_confirmation.call(*queued.args)

    assert mailoutbox[0].to == ["newcomer@example.com"]


def test_a_confirmation_that_is_gone_meanwhile_sends_nothing(mailoutbox):
    emails.send_confirmation.call(1)

    assert mailoutbox == []

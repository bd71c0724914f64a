"""The emails as work for a queue."""

import logging
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.models import SignInRequest
from apps.site.emails import MailNotSentError
from apps.site.limits import allow_email
from apps.site.tasks import RETRY_AFTER
from apps.tokens.models import RequestToken

pytestmark = pytest.mark.django_db

LOGIN = reverse("accounts:login")


@pytest.fixture
def mail_server_is_away(monkeypatch):
    def send_messages(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send_messages)


def test_the_visitor_does_not_wait_for_the_mail_server(client, queue, mail_server_is_away):
    assert client.post(LOGIN, {"email": "reader@example.com"}).status_code == 303


def test_a_queue_holds_ids_and_no_link_no_address_and_no_code(client, reader, queue):
    client.post(LOGIN, {"email": "reader@example.com"})

    [queued] = queue.results
    assert (queued.args, queued.kwargs) == ([SignInRequest.objects.get().pk], {})


def test_what_the_worker_finds_is_sent(client, reader, queue, mailoutbox):
    client.post(LOGIN, {"email": "reader@example.com"})
    [queued] = queue.results

    tasks.send_link.call(*queued.args)

    assert mailoutbox[0].to == ["reader@example.com"]


def test_a_worker_tries_again_while_the_link_lives(client, reader, queue, mail_server_is_away):
    client.post(LOGIN, {"email": "reader@example.com"})
    [queued] = queue.results

    tasks.send_link.call(*queued.args)

    again = queue.results[-1]
    assert again.args == queued.args
    assert timedelta(0) < again.task.run_after - timezone.now() <= RETRY_AFTER


def test_a_worker_gives_up_with_the_link_and_says_so(client, reader, queue, mail_server_is_away, caplog):
    client.post(LOGIN, {"email": "reader@example.com"})
    [queued] = queue.results
    RequestToken.objects.update(expiration_time=timezone.now() + timedelta(seconds=5))

    with pytest.raises(MailNotSentError):
        tasks.send_link.call(*queued.args)

    assert len(queue.results) == 1
    assert ("apps.site.tasks", logging.ERROR, "email given up task=send_link") in caplog.record_tuples
    assert "reader@" not in caplog.text


def test_an_account_that_is_gone_when_the_worker_comes_gets_nothing(client, reader, queue, mailoutbox):
    client.post(LOGIN, {"email": "reader@example.com"})
    [queued] = queue.results
    reader.delete()

    tasks.send_link.call(*queued.args)

    assert mailoutbox == []


def test_an_email_that_could_not_be_sent_at_once_is_not_counted(client, reader, mail_server_is_away):
    answers = [client.post(LOGIN, {"email": "reader@example.com"}).status_code for _ in range(25)]

    assert set(answers) == {503}
    assert allow_email("reader@example.com")

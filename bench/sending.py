"""
The sending of an issue, beside a loop without a ledger that builds and sends the same emails over one connection.

    make bench BENCH_ARGS=sending                        # BENCH_ARGS="sending --emails 10000" for a quick look
    .venv/bin/python -m pytest -m slow tests/mailing/test_kills.py   # kill -9 on real workers; KILLS=60 for as many

Wall time. First one worker and the bare loop, turn and turn about; then two workers, as processes, send one dispatch to
all readers, and the mail server says whether each got one email.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from time import perf_counter
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection

from apps.mailing.models import Delivery, Dispatch
from apps.mailing.rendering import IssueMail, message_id
from apps.mailing.sending import send, start
from apps.mailing.sending.links import mint_missing_links
from apps.newsletter.models import Issue, Subscription
from apps.site.emails import absolute_url
from bench.measuring import Findings, describe_database, is_short, scratch_database
from bench.sink import Sink

MOST_FREEZE_SECONDS = 1.0
# Of the bare loop's speed. A server writes every mark to its disk before it answers; SQLite in WAL mode leaves that to
# the system.
SMALLEST_RATIO = {"sqlite": 0.75, "postgresql": 0.6, "mysql": 0.6}
SAMPLE = 2000
ROUNDS = 3
WORKERS = 2
# Some four kilobytes in either part, as an issue has.
BODY = "\n\n".join(
    f"## Heading {number}\n\n{'Words with *one* stress and [a link](https://www.example.com/page/). ' * 12}"
    for number in range(5)
)

Lines = list[list[str]]


def main(sink: Sink) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--emails", type=int, default=100_000)
    emails = parser.parse_known_args()[0].emails
    with scratch_database():
        findings = Findings(describe_database(), is_short=is_short())
        make_readers(emails)
        lines = [freeze(findings, emails)]
        lines += compare(findings, min(SAMPLE, emails // 2))
        lines.append(send_to_all(findings, emails, sink))
        return findings.finish(lines=lines)


def make_readers(count: int) -> None:
    users = get_user_model()
    made = users.objects.bulk_create(
        (users(email=f"reader{number}@example.com") for number in range(count)), batch_size=5000
    )
    Subscription.objects.bulk_create((Subscription(user=user) for user in made), batch_size=5000)
    begun = perf_counter()
    mint_missing_links()
    print(f"  {count:,} unsubscribe links made in {perf_counter() - begun:.0f} s", flush=True)


def make_dispatch(slug: str) -> Dispatch:
    issue = Issue.objects.create(title="A letter to readers", slug=slug, body=BODY)
    return Dispatch.objects.create(issue=issue)


def freeze(findings: Findings, emails: int) -> list[str]:
    times = []
    for number in range(ROUNDS):
        dispatch = make_dispatch(f"freeze-{number}")
        begun = perf_counter()
        frozen = Delivery.objects.freeze(dispatch)
        times.append(perf_counter() - begun)
        assert frozen == emails
        dispatch.issue.delete()
    seconds = statistics.median(times)
    most = MOST_FREEZE_SECONDS * max(emails, 50_000) / 100_000
    findings.check(f"{emails:,} readers frozen: s", f"{seconds:.2f}", f"{most:.1f}", seconds < most)
    return [f"{emails:,} readers frozen", f"{emails / seconds:,.0f}", "", f"{seconds:.2f} s"]


def compare(findings: Findings, emails: int) -> Lines:
    """A dispatch to all, of which the worker is stopped after so many."""
    bare, worker, ratios = [], [], []
    for number in range(ROUNDS):
        dispatch = make_dispatch(f"compared-{number}")
        start(dispatch)
        bare.append(emails / time_bare_loop(dispatch, emails))
        worker.append(emails / time_worker(dispatch, emails))
        ratios.append(worker[-1] / bare[-1])
        dispatch.issue.delete()
    ratio, least = statistics.median(ratios), SMALLEST_RATIO[connection.vendor] / findings.margin
    what = f"one worker, {emails:,} of them: the bare loop's speed in its own"
    findings.check(what, f"{1 / ratio:.2f}", f"{1 / least:.2f}", ratio >= least)
    more = statistics.median(1000 / w - 1000 / b for w, b in zip(worker, bare, strict=True))
    speeds = [f"{statistics.median(each):,.0f} ({min(each):,.0f} to {max(each):,.0f})" for each in (bare, worker)]
    return [
        [f"the bare loop, {emails:,} emails", speeds[0], "1", ""],
        ["one worker", speeds[1], f"{ratio:.2f}", f"{more:.2f} ms more for each email"],
    ]


def time_worker(dispatch: Dispatch, emails: int) -> float:
    left = iter(range(emails))
    begun = perf_counter()
    sent = send(dispatch, stop=lambda: next(left, None) is None)
    taken = perf_counter() - begun
    # Asked between batches, too.
    return taken * emails / sent


def time_bare_loop(dispatch: Dispatch, emails: int) -> float:
    begun = perf_counter()
    issue_mail, unsubscribe = IssueMail(dispatch.letter()), absolute_url("newsletter:unsubscribe")
    backend = mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()
    backend.open()
    for subscription in Subscription.objects.select_related("user", "unsubscribe_token")[:emails].iterator():
        message = issue_mail.message(
            subscription.user.email,
            name=subscription.user.get_full_name(),
            unsubscribe_url=subscription.unsubscribe_token.tokenise(unsubscribe),
            message_id=message_id(dispatch.pk, subscription.pk),
        )
        backend.send_messages([message])
    backend.close()
    return perf_counter() - begun


def send_to_all(findings: Findings, emails: int, sink: Sink) -> list[str]:
    dispatch = make_dispatch("to-all")
    start(dispatch)
    sink.count()
    command = [sys.executable, "manage.py", "send_issue", dispatch.issue.slug]
    environment = {**os.environ, "DATABASE_URL": url_of_scratch_database()}
    begun = perf_counter()
    workers = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(WORKERS)]
    exit_codes = [worker.wait() for worker in workers]
    seconds = perf_counter() - begun
    counts = {status: count for status, count in dispatch.deliveries.counts().items() if count}
    received, readers = sink.count()
    is_good = (counts, received, readers) == ({"sent": emails}, emails, emails) and not any(exit_codes)
    what = f"{WORKERS} workers, {emails:,} emails: readers with none, or with more than one"
    findings.check(what, str(emails - readers + received - readers), "0", is_good)
    came = f"{seconds:,.0f} s; {', '.join(f'{count:,} {status}' for status, count in counts.items())}"
    return [f"{WORKERS} workers, all {emails:,}", f"{emails / seconds:,.0f}", "", f"{came}; {readers:,} got one"]


def url_of_scratch_database() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()

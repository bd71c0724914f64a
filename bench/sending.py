"""The sending of an issue: freezing 100,000 readers, and the whole worker beside a loop without a ledger.

python -m bench.sending            # on SQLite and, if TEST_DATABASE_URL is set, there; --short for CI
python -m bench.sending --kills 60 # kill -9 on real workers, on TEST_DATABASE_URL or SQLite; some minutes

It fails if a target is missed. On a server it works in a database of its own, which is created beside the one that you
name and dropped at the end.
"""

import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FREEZE_SECONDS = 1.0
# A server writes every mark to its disk before it answers; SQLite in WAL mode leaves that to the system.
SMALLEST_RATIO = {"sqlite": 0.75, "postgresql": 0.6, "mysql": 0.6}


def main(*, readers: int, emails: int, rounds: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        set_up(folder)
        from django.db import connection

        name = connection.settings_dict["NAME"]
        if connection.vendor != "sqlite":
            connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            return measure(readers=readers, emails=emails, rounds=rounds)
        finally:
            if connection.vendor != "sqlite":
                connection.creation.destroy_test_db(name, verbosity=0)


def measure(*, readers: int, emails: int, rounds: int) -> bool:
    from django.db import connection

    target = SMALLEST_RATIO[connection.vendor]
    freezing = time_freezing(readers)
    print(f"{describe(connection)}: {readers} readers frozen in {freezing:.2f} s", flush=True)
    bare, worker = time_sending(emails, rounds)
    print(
        f"{describe(connection)}: bare loop {emails / bare:.0f} emails a second, worker {emails / worker:.0f}, "
        f"ratio {bare / worker:.2f}, target {target}"
    )
    passed = freezing * 100_000 / readers < LONGEST_FREEZE_SECONDS and bare / worker >= target
    print("passed" if passed else "MISSED")
    return passed


def describe(connection) -> str:
    version = ".".join(map(str, connection.get_database_version()))
    durable = ""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            [commit] = cursor.fetchone()
            cursor.execute("SHOW fsync")
            [fsync] = cursor.fetchone()
        durable = f" (synchronous_commit={commit}, fsync={fsync})"
    return f"{connection.display_name} {version}{durable}"


def set_up(folder: str) -> None:
    port = find_free_port()
    os.environ |= {
        "ENV_FILE": "",
        "SECRET_KEY": "bench-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
        "SITE_URL": "https://latchkey.example",
        "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL") or f"sqlite:///{folder}/bench.sqlite3",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    # A process of its own: a server in ours would share the interpreter with what is measured.
    multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True).start()
    import django
    from django.core.management import call_command

    django.setup()
    if "BENCH_DATABASE_URL" not in os.environ:
        call_command("migrate", verbosity=0)
    while socket.socket().connect_ex(("127.0.0.1", port)):
        sleep(0.1)


def time_freezing(readers: int) -> float:
    from django.contrib.auth import get_user_model

    from apps.mailing.models import Delivery, Dispatch
    from apps.newsletter.models import Issue, Subscription

    users = get_user_model()
    made = users.objects.bulk_create(
        (users(email=f"reader{number}@example.com") for number in range(readers)), batch_size=5000
    )
    Subscription.objects.bulk_create((Subscription(user=user) for user in made), batch_size=5000)
    best = float("inf")
    for number in range(3):
        issue = Issue.objects.create(title="Freeze", slug=f"freeze-{number}", body="Text.")
        dispatch = Dispatch.objects.create(issue=issue)
        start = perf_counter()
        frozen = Delivery.objects.freeze(dispatch)
        best = min(best, perf_counter() - start)
        assert frozen == readers
        issue.delete()
    return best


def time_sending(emails: int, rounds: int) -> tuple[float, float]:
    from apps.demo.issues import ISSUES
    from apps.mailing.models import Dispatch
    from apps.mailing.sending import send, start
    from apps.mailing.sending.links import mint_missing_links
    from apps.newsletter.models import Issue, Subscription

    Subscription.objects.filter(pk__gt=Subscription.objects.order_by("pk")[emails - 1].pk).delete()
    mint_missing_links()
    fastest = [float("inf"), float("inf")]
    # Turn and turn about, the best of each: a busy machine slows both alike.
    for number in range(rounds):
        issue = Issue.objects.create(title=ISSUES[0].title, slug=f"issue-{number}", body=ISSUES[0].body)
        fastest[0] = min(fastest[0], time_bare_loop(issue))
        dispatch = Dispatch.objects.create(issue=issue)
        start(dispatch)
        begun = perf_counter()
        assert send(dispatch) == emails
        fastest[1] = min(fastest[1], perf_counter() - begun)
    return fastest[0], fastest[1]


def time_bare_loop(issue) -> float:
    from django.core import mail

    from apps.mailing.rendering import IssueMail, message_id
    from apps.newsletter.models import Subscription
    from apps.site.emails import absolute_url

    begun = perf_counter()
    issue_mail, unsubscribe = IssueMail(issue), absolute_url("newsletter:unsubscribe")
    connection = mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()
    connection.open()
    for subscription in Subscription.objects.select_related("user", "unsubscribe_token").iterator():
        message = issue_mail.message(
            subscription.user.email,
            name=subscription.user.get_full_name(),
            unsubscribe_url=subscription.unsubscribe_token.tokenise(unsubscribe),
            message_id=message_id(issue.pk, subscription.pk),
        )
        connection.send_messages([message])
    connection.close()
    return perf_counter() - begun


def serve(port: int) -> None:
    import logging

    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    logging.getLogger("mail.log").setLevel(logging.ERROR)
    Controller(Sink(), hostname="127.0.0.1", port=port).start()
    while True:
        sleep(1)


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def kill(times: str) -> bool:
    tests = ["tests/mailing/test_kills.py", "-m", "slow", "-k", "killed"]
    command = [sys.executable, "-m", "pytest", "-q", "-rP", *tests]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "KILLS": times}, check=False).returncode == 0


def on_server() -> bool:
    """The same on the server of TEST_DATABASE_URL, in a process of its own: settings are read once."""
    environment = {**os.environ, "BENCH_DATABASE_URL": os.environ["TEST_DATABASE_URL"]}
    arguments = [argument for argument in sys.argv[1:] if argument == "--short"]
    command = [sys.executable, "-m", "bench.sending", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    if "--kills" in sys.argv:
        sys.exit(not kill(sys.argv[sys.argv.index("--kills") + 1]))
    size = {"readers": 20_000, "emails": 500, "rounds": 2} if "--short" in sys.argv else {}
    passed = main(**{"readers": 100_000, "emails": 2000, "rounds": 3, **size})
    if "TEST_DATABASE_URL" in os.environ and "BENCH_DATABASE_URL" not in os.environ:
        passed &= on_server()
    sys.exit(not passed)

"""
docs/deploying.md, tried: python -m tests.deployment FOLDER, where scripts/test-deploy has put the site.

Prints each step; the first that fails ends it, with the end of every log.
"""

import http.client
import re
import statistics
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.deployment.machine import Machine, wait_until
from tests.deployment.visitor import Visitor, remember_tokens, seen_tokens

SERVICES = ("latchkey-web", "latchkey-worker")
EDITOR = "editor@example.com"
ISSUE = {"title": "First light", "summary": "", "body": "Hello, readers."}


def main(folder):
    machine = Machine(Path(folder))
    started = time.monotonic()
    try:
        for step in (
            install,
            answer_probes,
            send_http_to_https,
            confirm_and_be_counted,
            sign_in_and_out,
            share_a_draft,
            send_an_issue_and_leave,
            refuse_with_a_reason,
            serve_pages_while_the_mail_server_is_slow,
            restart_postgresql,
            restart_redis,
            restart_the_mail_server,
            restart_the_site,
            restart_nginx,
            run_the_timers,
            go_back_to_a_copy,
            find_no_token_in_any_log,
        ):
            print(f"-- {step.__name__.replace('_', ' ')}", flush=True)
            note = step(machine)
            if note:
                print(f"   {note}", flush=True)
    except BaseException:
        for name, text in machine.everything_written().items():
            print(f"\n== {name}\n{text[-3000:]}")
        raise
    finally:
        machine.stop_everything()
    print(f"The site runs as docs/deploying.md says; {time.monotonic() - started:.0f} seconds.")


def install(machine):
    machine.prepare()
    machine.start_services()
    for line in machine.page("Install"):
        if line.startswith("sudo -u postgres"):
            machine.run_line(line)
    for line in machine.page("Start, and each new version"):
        if line.startswith(".venv/bin/python manage.py"):
            machine.run_line(line.replace("you@example.com", f"{EDITOR} --no-input"))
    for name in SERVICES:
        machine.start_unit(name)
    wait_until(lambda: is_ready(machine), "the site is ready")


def answer_probes(machine):
    """By IP address, over http, as a load balancer asks."""
    assert probe(machine, "/up/") == probe(machine, "/up/ready/") == 200


def send_http_to_https(machine):
    status, location = ask_http(machine, "/newsletter/?page=1")
    assert (status, location) == (301, "https://www.example.com/newsletter/?page=1")
    page = Visitor(machine).get("/")
    assert page.status == 200
    assert page.headers["strict-transport-security"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    style = re.search(r'href="(/static/css/site\.\w+\.css)"', page.text)[1]
    assert "immutable" in Visitor(machine).get(style).headers["cache-control"]


def confirm_and_be_counted(machine):
    member = Visitor(machine, "member@example.com")
    member.subscribe()
    member.sign_in()
    invitation = invite(member)
    friend = Visitor(machine, "friend@example.com")
    assert "Mira" in friend.get(invitation).text
    friend.subscribe(through=invitation)
    assert machine.shell("print(Subscription.objects.filter(unsubscribed_at=None).count())") == "2"


def sign_in_and_out(machine):
    newcomer = Visitor(machine, "newcomer@example.com")
    newcomer.sign_in()
    assert newcomer.get("/accounts/").status == 200
    newcomer.submit("/", to="/accounts/logout/")
    assert newcomer.get("/accounts/").status == 302
    link = newcomer.sign_in()
    assert newcomer.get("/accounts/").status == 200
    again = Visitor(machine).get(link)
    assert again.status == 403
    # The visitor's own address, and not the proxy's.
    addresses = machine.shell("print(*RequestTokenLog.objects.values_list('client_ip', flat=True).distinct())")
    assert len(addresses.split()) > 2


def share_a_draft(machine):
    editor = sign_in_editor(machine)
    page = editor.submit("/newsletter/staff/new/", slug="first-light", **ISSUE)
    assert page.status == 302
    page = editor.submit("/newsletter/staff/issues/first-light/", to=page.location + "share/", lifetime="24")
    link = re.search(r'href="(https://[^"]*[?&;]at=[^"]*)"', page.text)[1].replace("&amp;", "&")
    stranger = Visitor(machine)
    assert "Hello, readers." in stranger.get(link).text
    assert stranger.get(urlsplit(link).path).status == 403
    assert editor.get("/admin/tokens/requesttoken/").status == 200


def send_an_issue_and_leave(machine):
    editor = sign_in_editor(machine)
    send_issue(machine, editor, "first-light", to=2)
    member, friend = Visitor(machine, "member@example.com"), Visitor(machine, "friend@example.com")
    link = member.link("/newsletter/unsubscribe/")
    assert member.submit(link).status == 200
    header = friend.emails()[-1]["List-Unsubscribe"]
    one_click = re.search(r"<(https://[^>]+)>", header)[1]
    assert friend.ask("POST", one_click, body="List-Unsubscribe=One-Click").status == 200
    assert machine.shell("print(Subscription.objects.filter(unsubscribed_at=None).count())") == "0"


def refuse_with_a_reason(machine):
    stranger = Visitor(machine)
    assert stranger.get("/newsletter/?rt=eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.AAAA").status == 403
    assert stranger.get("/no/such/page/?at=rubbish").status == 404
    assert stranger.ask("GET", "/", Host="evil.example").status in (400, 421)


def serve_pages_while_the_mail_server_is_slow(machine):
    """Four people ask for a link at once, each of two processes gets some; pages must not wait for their emails."""
    before = [timed(machine) for _ in range(60)]
    machine.mail.delay = 4
    people = [Visitor(machine, f"slow{number}@example.com") for number in range(4)]
    threads = [threading.Thread(target=person.ask_for_sign_in) for person in people]
    for thread in threads:
        thread.start()
    during = []
    while any(thread.is_alive() for thread in threads):
        during.append(timed(machine))
    machine.mail.delay = 0
    assert len(during) > 20, f"{len(during)} pages while four emails were sent"
    assert max(during) < 2, f"a page waited {max(during):.1f} seconds"
    return (
        f"a page: {milliseconds(before)} before, {milliseconds(during)} "
        f"while the mail server took 4 seconds per email ({len(during)} pages)"
    )


def restart_postgresql(machine):
    machine.stop_postgresql()
    assert (probe(machine, "/up/"), probe(machine, "/up/ready/")) == (200, 503)
    assert Visitor(machine).get("/").status == 500
    machine.start_postgresql()
    wait_until(lambda: is_ready(machine), "the site has its database again")
    keep_worker(machine)
    # Every thread had a connection of the old server.
    assert {Visitor(machine).get("/").status for _ in range(40)} == {200}


def restart_redis(machine):
    machine.stop("redis")
    assert (probe(machine, "/up/"), probe(machine, "/up/ready/")) == (200, 503)
    assert Visitor(machine).get("/").status == 200
    Visitor(machine, "noredis@example.com").sign_in()
    machine.start_redis()
    wait_until(lambda: is_ready(machine), "the site has its cache again")
    Visitor(machine, "redis@example.com").sign_in()


def restart_the_mail_server(machine):
    visitor = Visitor(machine, "nomail@example.com")
    machine.mail.stop()
    assert visitor.submit("/accounts/login/", email=visitor.address).status == 303
    machine.mail.start()
    # The worker tries again.
    wait_until(visitor.emails, "the email with the link has come", seconds=90)
    visitor.sign_in()


def restart_the_site(machine):
    visitor = Visitor(machine, "restart@example.com")
    visitor.sign_in()
    for name in SERVICES:
        machine.stop(name)
    assert visitor.get(visitor.link("/accounts/signup/")).status == 502
    for name in SERVICES:
        machine.start_unit(name)
    wait_until(lambda: is_ready(machine), "the site is ready")
    assert visitor.get("/accounts/").status == 200


def restart_nginx(machine):
    machine.stop("nginx")
    machine.start_nginx()
    assert Visitor(machine).get("/").status == 200


def run_the_timers(machine):
    for timer in machine.app.glob("deploy/*.timer"):
        machine.start_unit(timer.stem)


def go_back_to_a_copy(machine):
    """A copy; then links are used and revoked and people leave; then the server dies, and the copy comes back."""
    readers = [Visitor(machine, f"reader{number}@example.com") for number in range(6)]
    for reader in readers:
        reader.subscribe()
    stayer, leaver, *_ = readers
    inviter = Visitor(machine, "inviter@example.com")
    inviter.sign_in()
    revoked = invite(inviter)
    user = Visitor(machine, "later@example.com")
    user.sign_in()
    user.cookies.clear()
    user.ask_for_sign_in()
    used = user.link("/accounts/login/link/")
    editor = sign_in_editor(machine)
    assert editor.submit("/newsletter/staff/new/", **{**ISSUE, "title": "Second", "slug": "second"}).status == 302
    send_issue(machine, editor, "second", to=len(readers))

    with traffic(machine):
        machine.start_unit("latchkey-backup")
        [copy] = sorted(machine.state.glob("latchkey-*.dump"))[-1:]
        assert user.get(used).status == 303
        machine.shell("RequestToken.objects.filter(scope='newsletter.subscribe').revoke()")
        assert Visitor(machine).get(revoked).status == 403
        assert leaver.submit(leaver.link("/newsletter/unsubscribe/")).status == 200
        newcomer = Visitor(machine, "afterwards@example.com")
        newcomer.ask_for_sign_in()
        machine.start_unit("latchkey-minutely")
        for name in SERVICES:
            machine.kill(name)

    for line in machine.page("Going back to a copy"):
        if line.startswith("systemctl"):
            continue
        if "after_restore" in line:
            assert_the_danger_is_real(machine, leaver)
        machine.run_line(
            line.replace(f"{machine.state}/latchkey-TIME.dump", str(copy)).replace("latchkey-TIME.dump", copy.name)
        )
    for name in SERVICES:
        machine.start_unit(name)
    wait_until(lambda: is_ready(machine), "the site is ready")

    assert "has been withdrawn" in refusal(machine, used)
    assert "has been withdrawn" in refusal(machine, revoked)
    assert Visitor(machine).get(newcomer.link("/accounts/signup/")).status == 403
    assert user.get("/accounts/").status == 302, "still signed in"
    editor = sign_in_editor(machine)
    assert editor.submit("/newsletter/staff/new/", **{**ISSUE, "title": "Third", "slug": "third"}).status == 302
    before = len(leaver.emails())
    send_issue(machine, editor, "third", to=len(readers) - 1)
    assert len(leaver.emails()) == before
    assert stayer.submit(stayer.link("/newsletter/unsubscribe/")).status == 200


def assert_the_danger_is_real(machine, leaver):
    """Without after_restore: the copy knows nothing of what came after it."""
    live = "RequestToken.objects.filter(scope='{}', revoked_at=None, used_to_date=0).exists()"
    signs_in = live.format("accounts.login")
    invites = "RequestToken.objects.filter(scope='newsletter.subscribe', revoked_at=None).exists()"
    reads = f"Subscription.objects.filter(user__email='{leaver.address}', unsubscribed_at=None).exists()"
    assert machine.shell(f"print({signs_in}, {invites}, {reads})") == "True True True"


def find_no_token_in_any_log(machine):
    logs = machine.everything_written()
    for _, email in machine.mail.emails:
        remember_tokens(*email.values(), *(part.get_content() for part in email.walk() if not part.is_multipart()))
    assert len(seen_tokens) > 30, f"only {len(seen_tokens)} tokens were seen"
    # What is unguessable of a token is its last part.
    secrets = {token: re.split(r"[.:]", token)[-1] for token in seen_tokens}
    found = {
        name: token
        for name, text in logs.items()
        for token, secret in secrets.items()
        if len(secret) > 10 and secret in text
    }
    assert found == {}, f"in {', '.join(found)}"
    lines = sum(text.count("\n") for text in logs.values())
    assert re.search(r'"GET /newsletter/unsubscribe/ HTTP/1.1" 200', logs["latchkey.log"])
    return f"{len(seen_tokens)} tokens and {lines} lines in {len(logs)} logs"


# What several steps do


def sign_in_editor(machine):
    editor = Visitor(machine, EDITOR)
    # The mailbox's limit is not what is tried here.
    machine.shell("from django.core.cache import cache; cache.clear()")
    editor.sign_in()
    return editor


def invite(member):
    assert member.submit("/newsletter/invite/", name="Mira", quota="", expires_on="").status == 302
    page = member.get("/newsletter/invite/")
    return re.search(r'href="(https://[^"]*/newsletter/subscribe/[^"]*)"', page.text)[1]


def send_issue(machine, editor, slug, *, to):
    def sent():
        # A notice of a sign-in may come meanwhile.
        return len([email for _, email in machine.mail.emails if email["List-Unsubscribe"]])

    before = sent()
    assert editor.submit(f"/newsletter/staff/issues/{slug}/send/").status == 302
    wait_until(lambda: sent() >= before + to, f"{to} readers have {slug}")
    status = f"print(Dispatch.objects.get(issue__slug='{slug}').status)"
    wait_until(lambda: machine.shell(status) == "sent", f"{slug} is sent")
    assert sent() == before + to


def keep_worker(machine):
    """As Restart=always does."""
    if not machine.is_running("latchkey-worker"):
        machine.start_unit("latchkey-worker")


@contextmanager
def traffic(machine):
    stop = threading.Event()

    def visit():
        while not stop.is_set():
            # The site is killed in the middle of it.
            with suppress(OSError, http.client.HTTPException):
                Visitor(machine).get("/newsletter/")

    threads = [threading.Thread(target=visit) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def refusal(machine, link):
    answer = Visitor(machine).get(link)
    assert answer.status == 403
    return answer.text


def probe(machine, path):
    return ask_http(machine, path)[0]


def is_ready(machine):
    return probe(machine, "/up/ready/") == 200


def ask_http(machine, path):
    connection = http.client.HTTPConnection("127.0.0.1", machine.ports["http"], timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.getheader("Location")
    finally:
        connection.close()


def timed(machine):
    start = time.monotonic()
    assert Visitor(machine).get("/newsletter/").status == 200
    return time.monotonic() - start


def milliseconds(times):
    last = statistics.quantiles(times, n=100)[-1]
    return f"median {statistics.median(times) * 1000:.0f} ms, p99 {last * 1000:.0f} ms"


if __name__ == "__main__":
    main(sys.argv[1])

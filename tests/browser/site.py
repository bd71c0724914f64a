"""The demo, as `make demo` serves it: a process of its own, with a database and a mailbox in a temporary folder."""

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.ports import find_free_port
from tests.support.project import ROOT, SECRET_KEY, make_environment

# The age of a sign-in is in its session, and nothing but the clock could change it from outside.
AN_HOUR_PASSES = """
from importlib import import_module
from django.conf import settings
from django.contrib.sessions.models import Session
from apps.accounts.fresh import SIGNED_IN_AT
for row in Session.objects.all():
    session = import_module(settings.SESSION_ENGINE).SessionStore(row.session_key)
    if SIGNED_IN_AT in session:
        session[SIGNED_IN_AT] -= 3600
        session.save()
"""


@dataclass
class Site:
    url: str
    environment: dict[str, str]

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def let_an_hour_pass(self):
        """For every sign-in there is."""
        self.manage("shell", "-c", AN_HOUR_PASSES)


@contextmanager
def serve_demo(scratch: Path):
    """The demo's site, set up and served until the block ends."""
    port = find_free_port()
    environment = make_environment(
        DJANGO_SETTINGS_MODULE="tests.browser.settings",
        SCRATCH_DIR=str(scratch),
        SECRET_KEY=SECRET_KEY,
        DEBUG="true",
        DATABASE_URL=f"sqlite:///{scratch}/db.sqlite3",
        SITE_URL=f"http://127.0.0.1:{port}",
        # Every browser says what address it has: one machine may ask for 20 emails an hour.
        TRUSTED_PROXY_COUNT="1",
        LOG_LEVEL="WARNING",
    )
    site = Site(environment["SITE_URL"], environment)
    site.manage("demo", "--no-server", str(port))
    log = scratch / "server.log"
    with log.open("w") as output:
        # Without the autoreloader: one process, and it does not watch files meanwhile.
        command = [sys.executable, "manage.py", "runserver", "--noreload", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _wait_for(site, server, log)
        yield site
    finally:
        server.terminate()
        server.wait(timeout=10)


def _wait_for(site, server, log):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urlopen(f"{site.url}/up/").close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The demo did not start:\n{log.read_text()}")

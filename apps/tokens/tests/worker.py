"""
A worker process that is really killed: it answers one click and stands still before each statement, until it may go on.

The parent waits for the line that names a statement, and then sends either a line or SIGKILL. Nobody sleeps.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.test import Client

from . import cut
from .cut import BEFORE, Line, Outcome, Scene, in_words, look

COMMAND = f"import django; django.setup(); from {__name__} import click; click()"
ANSWER = "the answer"


def every_kill(make_scene: Callable[[], Scene]) -> Iterator[Outcome]:
    """A worker killed before each statement of the click, and at last before it answers."""
    for number in count(1):
        scene = make_scene()
        killed_before = kill(scene.link, number)
        yield look(scene, None, killed_before, BEFORE)
        if killed_before == ANSWER:
            return


def kill(link: str, number: int) -> str:
    """What the worker was about to do."""
    connection.close()
    name = str(connection.settings_dict["NAME"])
    worker = subprocess.Popen(
        [sys.executable, "-c", COMMAND, name, link],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        stdin, stdout = worker.stdin, worker.stdout
        assert stdin
        assert stdout
        for _ in range(number - 1):
            stdout.readline()
            print(file=stdin, flush=True)
        about_to = stdout.readline().strip()
        worker.kill()
    return about_to


# In the worker


class SlowLine(Line):
    def passes(self, sql: str, run: Callable[[], Any]) -> Any:
        if sql:
            say_and_wait(in_words(sql))
        return run()


def click() -> None:
    """Answer one click, statement by statement."""
    name, link = sys.argv[1:]
    settings.ROOT_URLCONF, settings.ALLOWED_HOSTS = cut.__name__, ["testserver"]
    connections[DEFAULT_DB_ALIAS].settings_dict["NAME"] = name
    with SlowLine().laid():
        Client(raise_request_exception=False).post(link)
        say_and_wait(ANSWER)


def say_and_wait(what: str) -> None:
    print(what, flush=True)
    sys.stdin.readline()

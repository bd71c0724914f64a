"""Real threads on a real database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

THREADS = 20
# One in the default run; `make test-databases` makes it ten, on every database.
ROUNDS = [0, *(pytest.param(number, marks=pytest.mark.slow) for number in range(1, 10))]


def at_once(action, arguments):
    """The results of one call for each argument, all begun at the same moment."""
    barrier = Barrier(len(arguments))

    def run(argument):
        barrier.wait()
        try:
            return action(argument)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(run, arguments))

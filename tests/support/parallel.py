"""Real threads on a real database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

THREADS = 8


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

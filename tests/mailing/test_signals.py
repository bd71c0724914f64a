import os
import signal
import threading

import pytest

from apps.mailing.sending.signals import stop_on_signals


@pytest.fixture
def asked_to_end():
    """What a worker of a queue was told by the signals it listens to."""
    heard = []
    former = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    yield heard
    signal.signal(signal.SIGTERM, former)


def test_a_signal_is_an_answer_and_no_exception():
    with stop_on_signals() as stop:
        before = stop()
        os.kill(os.getpid(), signal.SIGINT)

        assert (before, stop()) == (False, True)


def test_the_second_ctrl_c_means_what_it_always_does():
    with stop_on_signals():
        os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_the_worker_of_a_queue_hears_the_signal_too(asked_to_end):
    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)

        assert stop()

    assert asked_to_end == [signal.SIGTERM]


def test_other_threads_are_not_disturbed():
    stops = []

    def run():
        with stop_on_signals() as stop:
            stops.append(stop())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert stops == [False]

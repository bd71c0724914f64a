import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM wait for the email that is being sent; the second time they mean what they always do."""
    is_stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        # Python lets no other thread answer a signal.
        yield is_stopped.is_set
        return

    def stop(number: int, frame: FrameType | None) -> None:
        is_stopped.set()
        handler = former[number]
        restore()
        if callable(handler) and handler is not signal.default_int_handler:
            # A worker of a queue takes no further task.
            handler(number, frame)

    def restore() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    former: dict[int, Handler] = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield is_stopped.is_set
    finally:
        restore()

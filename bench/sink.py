"""A mail server that takes every email and keeps none, in a process of its own; it counts the recipients."""

from __future__ import annotations

import logging
import multiprocessing
import socket
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Connection
from time import sleep


class Sink:
    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{port}"
        self._ask, answer = multiprocessing.Pipe()
        # A process: a server in ours would share the interpreter with what is measured.
        spawn = multiprocessing.get_context("spawn")
        spawn.Process(target=serve, args=(port, answer), daemon=True).start()
        while socket.socket().connect_ex(("127.0.0.1", port)):
            sleep(0.1)

    def count(self) -> tuple[int, int]:
        """The number of emails, and of the addresses they went to, since it was last asked."""
        self._ask.send(None)
        counted: tuple[int, int] = self._ask.recv()
        return counted


def serve(port: int, answer: Connection) -> None:
    from aiosmtpd.controller import Controller

    logging.getLogger("mail.log").setLevel(logging.ERROR)
    taken: Counter[str] = Counter()

    class Handler:
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
            taken.update(envelope.rcpt_tos)  # type: ignore[attr-defined]
            return "250 OK"

    Controller(Handler(), hostname="127.0.0.1", port=port).start()
    with suppress(EOFError):  # whoever started it is gone
        while True:
            answer.recv()
            answer.send((taken.total(), len(taken)))
            taken.clear()

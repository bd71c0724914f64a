"""A PostgreSQL whose line is really cut: a proxy before it that counts the statements on the wire, and hangs up."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import create_connection, create_server, socket
from threading import Thread
from typing import Any, NamedTuple

from django.db import connection

from .cut import AFTER, BEFORE, STAYS_AWAY, Line, in_words

# Asked before the first message proper: may we speak TLS, or GSSAPI?
QUESTIONS = (80877103, 80877104)


class Message(NamedTuple):
    """A message of PostgreSQL's protocol (version 3): one letter, its length and what it says."""

    letter: bytes
    content: bytes

    @property
    def raw(self) -> bytes:
        return self.letter + struct.pack("!I", len(self.content) + 4) + self.content


class Wire(Line):
    """The line of cut.py as a proxy of its own; for servers that let one in without a password."""

    @contextmanager
    def laid(self) -> Iterator[None]:
        settings = connection.settings_dict
        server = settings["HOST"], settings["PORT"]
        connection.close()
        with create_server(("127.0.0.1", 0)) as listener:
            accepting = Thread(target=self.accept, args=(listener, (server[0] or "127.0.0.1", int(server[1] or 5432))))
            accepting.start()
            settings["HOST"], settings["PORT"] = "127.0.0.1", listener.getsockname()[1]
            try:
                yield
            finally:
                connection.close()
                # The last guest, who says nothing, ends it.
                create_connection(listener.getsockname()).close()
                accepting.join()
                settings["HOST"], settings["PORT"] = server

    def accept(self, listener: socket, server: Any) -> None:
        while True:
            client, _ = listener.accept()
            with client, suppress(EOFError, ConnectionError):
                if self.is_lost:
                    continue
                first = opening(client)
                if first is None:
                    return
                with create_connection(server) as database:
                    database.sendall(first)
                    pass_answer(database, client)
                    while self.passes_statement(client, database):
                        pass

    def passes_statement(self, client: socket, database: socket) -> bool:
        asked = list(until(client, b"QSX"))
        if asked[-1].letter == b"X":
            return False
        is_here = False
        if self.is_watched:
            self.statements.append(text_of(asked))
            is_here = len(self.statements) == self.number
        if is_here and self.place == BEFORE:
            return self.hangs_up()
        database.sendall(b"".join(message.raw for message in asked))
        if is_here and self.place == AFTER:
            # The server is done when it is ready for the next one.
            list(until(database, b"Z"))
            return self.hangs_up()
        pass_answer(database, client)
        return True

    def hangs_up(self) -> bool:
        self.is_lost = self.database == STAYS_AWAY
        return False


def opening(client: socket) -> bytes | None:
    """The message that opens a connection; None from a guest who says nothing."""
    try:
        while True:
            length = receive(client, 4)
            content = receive(client, struct.unpack("!I", length)[0] - 4)
            if struct.unpack("!I", content[:4])[0] not in QUESTIONS:
                return length + content
            client.sendall(b"N")
    except EOFError:
        return None


def pass_answer(database: socket, client: socket) -> None:
    client.sendall(b"".join(message.raw for message in until(database, b"Z")))


def until(sender: socket, letters: bytes) -> Iterator[Message]:
    """What is sent, up to one of these messages."""
    letter = b""
    while not letter or letter not in letters:
        letter, length = struct.unpack("!cI", receive(sender, 5))
        yield Message(letter, receive(sender, length - 4))


def receive(sender: socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = sender.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def text_of(messages: list[Message]) -> str:
    texts = {b"Q": 0, b"P": 1}
    return next(in_words(m.content.split(b"\0")[texts[m.letter]].decode()) for m in messages if m.letter in texts)

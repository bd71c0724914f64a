"""A mail server on loopback that keeps what it is given, byte for byte."""

import os
import socket
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from aiosmtpd.controller import Controller
from django.test import override_settings

from config.services import read_email


class Keeper:
    def __init__(self):
        self.received = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.received.append(envelope.content)
        return "250 OK"


@contextmanager
def smtp_server():
    """The list of mails that the server has got, while the site's mail goes to it."""
    keeper = Keeper()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    with mock.patch.dict(os.environ, {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}):
        settings = read_email("EMAIL_URL", base_dir=Path())
    try:
        with override_settings(**settings):
            yield keeper.received
    finally:
        controller.stop()

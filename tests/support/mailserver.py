"""A real mail server on loopback that keeps what it accepts, and has the answers and accidents a test asks for."""

import asyncio
import logging
from collections import Counter
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.support.ports import find_free_port

# Its lines are the server's, and name everybody.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class MailServer:
    def __init__(self):
        self.accepted = []
        """(address, bytes) of each mail, in the order it came."""
        self.connections = 0
        self.recipient_answers = {}
        """Address: what RCPT is answered."""
        self.data_command_answers = {}
        """Address: what DATA is answered, instead of an invitation to go ahead."""
        self.data_answers = {}
        """Address: what the whole mail is answered."""
        self.sender_answer = None
        self.hangs_up_on = set()
        """Addresses whose mail is taken, and the line cut before the answer."""
        self.hangs_up_before = set()
        """Addresses at whose name the line is cut."""
        self.on_recipient = self.on_data = lambda count: None
        """Called with the number of the mail before it is answered."""
        self.data_delay = 0
        """Seconds before a whole mail is answered."""
        self.port = find_free_port()
        self.waits_for_connections = 0
        """No mail is answered before so many workers have called."""
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20)

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def addresses(self):
        return [address for address, _ in self.accepted]

    @property
    def mails_per_address(self):
        return Counter(self.addresses)

    def mail_to(self, address):
        [content] = [content for to, content in self.accepted if to == address]
        return message_from_bytes(content, policy=policy.default)

    def start(self):
        self._controller.start()
        # The controller says hello to itself.
        self.connections = 0

    def stop(self):
        self._controller.stop()

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, mail_options):  # noqa: N802
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802
        self.on_recipient(len(self.accepted) + 1)
        if address in self.hangs_up_before:
            return self._hang_up(server)
        answer = self.recipient_answers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        [address] = envelope.rcpt_tos
        answer = self.data_answers.get(address, "250 OK")
        if answer.startswith("2"):
            self.accepted.append((address, envelope.original_content))
        self.on_data(len(self.accepted))
        await asyncio.sleep(self.data_delay)
        while self.connections < self.waits_for_connections:
            await asyncio.sleep(0.01)
        if address in self.hangs_up_on:
            return self._hang_up(server)
        return answer

    def _hang_up(self, server):
        server.transport.abort()
        return "421 Bye"


class _Controller(Controller):
    def factory(self):
        return _Conversation(self.handler, **self.SMTP_kwargs)


class _Conversation(SMTP):
    async def smtp_DATA(self, arg):  # noqa: N802
        [address] = self.envelope.rcpt_tos
        if address in self.event_handler.data_command_answers:
            await self.push(self.event_handler.data_command_answers[address])
        else:
            await super().smtp_DATA(arg)

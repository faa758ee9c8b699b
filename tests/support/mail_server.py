"""A mail server that runs in the test, and answers as the test says."""

import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy

from aiosmtpd.controller import Controller

from config import Mail
from models.outbox import OutboxMessage
from tests.support.rows import saved


class Inbox:
    mail: Mail

    def __init__(self) -> None:
        self.messages: list[email.message.EmailMessage] = []
        self.tried: list[str] = []
        """The addresses that were asked for, in order."""
        self.answer = "250 OK"
        """To the content of a message."""
        self.sender_answer = "250 OK"
        self.refusals: dict[str, str] = {}
        """By address: the answer to RCPT TO, "250 OK" for others; "close" ends the line without one."""
        self.lines = 0

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses) -> list[str]:
        self.lines += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _server, _session, envelope, address, options) -> str:
        if self.sender_answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.sender_answer

    async def handle_RCPT(self, server, _session, envelope, address, options) -> str:
        self.tried.append(address)
        answer = self.refusals.get(address, "250 OK")
        if answer == "close":
            server.transport.close()
            return "421 closed"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, _server, _session, envelope) -> str:
        if self.answer.startswith("250"):
            self.messages.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return self.answer

    @property
    def arrived(self) -> list[str]:
        return [message["To"] for message in self.messages]


@contextmanager
def running() -> Iterator[Inbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    inbox.mail = Mail(host="127.0.0.1", port=port, sender="portal@borsetshire.example")
    yield inbox
    controller.stop()


def queued(to: str = "dawn@example.org", **given) -> OutboxMessage:
    return saved(OutboxMessage(**{"to": to, "subject": "Hello", "body": "Good morning\n"} | given))

"""Delivers the outbox by SMTP, over one connection a round. A message that is tried twice carries the same Message-ID.

docs/mail-states.md has the table of what the mail server may answer and what follows.
"""

import logging
import smtplib
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial

from sqlalchemy.exc import DBAPIError

from config import Mail
from exchange.mail_answers import Stage, Verdict, in_short, verdict
from models.base import scope, session, transaction
from models.database_faults import DatabaseTrouble
from models.emails import to_send
from models.outbox import OutboxMessage

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 30
WRITES_FOR = 60
"""Seconds for which what became of a message is tried to be written: else it would be sent again."""
PLAIN = SMTP.clone(cte_type="7bit")


class NotTaken(Exception):
    """The mail server has not taken a message; `code` is 0 where the line broke, or our side could not write it."""

    def __init__(self, what: Verdict, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.what, self.code, self.reason = what, code, in_short(reason)


def deliver_due(mail: Mail, *, is_stopped: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, codes first, then by age; how many went. A message that is refused is in no other's way. The
    round ends where the mail server is away, or wants nothing from us: the next one tries again.
    """
    count = 0
    line = _Line(mail)
    try:
        while not is_stopped() and _is_something_due():
            line.open()
            message = _claim_next()
            if message is None or message.has_expired:
                continue  # another sender has it, or it has expired since it was claimed
            try:
                line.send(message)
            except NotTaken as refusal:
                log.warning("message %s was not sent: %s %s", message.id, refusal.what.value, refusal.code)
                _write(message, partial(_not_taken, refusal))
                if refusal.what is Verdict.STOP:
                    break
            else:
                _write(message, OutboxMessage.sent)
                count += 1
    except NotTaken as refusal:
        log.warning("the mail server takes nothing: %s", refusal.code or refusal.reason)
    finally:
        line.close()
    with transaction():
        OutboxMessage.wipe_expired()
    return count


def why_not_taken(mail: Mail) -> str:
    """Log in to the mail server and send nothing: what is wrong, or nothing."""
    line = _Line(mail)
    try:
        line.open()
    except NotTaken as refusal:
        return f"{refusal.code} {refusal.reason}" if refusal.code else refusal.reason
    finally:
        line.close()
    return ""


class _Line:
    """The connection to the mail server: opened when it is needed, and anew when the server has closed it."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._server: smtplib.SMTP | None = None

    def open(self) -> smtplib.SMTP:
        """NotTaken where the server is away, or does not let us in."""
        if self._server is None:
            try:
                self._server = self._opened()
            except smtplib.SMTPResponseException as problem:
                raise NotTaken(Verdict.STOP, problem.smtp_code, _text(problem.smtp_error)) from None
            except (OSError, smtplib.SMTPException) as problem:
                raise NotTaken(Verdict.STOP, 0, type(problem).__name__) from None
        return self._server

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def send(self, message: OutboxMessage) -> None:
        """NotTaken says what follows from it."""
        data, options = _in_bytes(self._mail, message, self.open())
        if not self._begins(options) and not self._begins(options):  # servers close after a number of messages
            raise NotTaken(Verdict.STOP, 0, "the line closes")
        server = self.open()
        try:
            self._insist(Stage.RECIPIENT, *server.rcpt(to_send(message.to)))
            self._insist(Stage.CONTENT, *server.data(data))
        except smtplib.SMTPDataError as problem:  # to DATA itself
            self._insist(Stage.CONTENT, problem.smtp_code, problem.smtp_error)
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            raise NotTaken(Verdict.STOP, 0, type(problem).__name__) from None

    def _begins(self, options: tuple[str, ...]) -> bool:
        """Whether a message may begin; False where the server has closed the line. NotTaken where it refuses us."""
        try:
            code, text = self.open().mail(self._mail.sender, options)
        except (OSError, smtplib.SMTPException):
            self._drop()
            return False
        if code == 421:
            self.close()
            return False
        self._insist(Stage.SENDER, code, text)
        return True

    def _insist(self, stage: Stage, code: int, text: bytes | str) -> None:
        """NotTaken unless the answer is 2xx. The line is left ready for the next message."""
        if 200 <= code < 300:
            return
        try:
            if self._server is not None:
                self._server.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()
        raise NotTaken(verdict(stage, code, _text(text)), code, _text(text))

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None

    def _opened(self) -> smtplib.SMTP:
        server = smtplib.SMTP(self._mail.host, self._mail.port, timeout=TIMEOUT_SECONDS)
        try:
            if self._mail.starttls:
                server.starttls(context=ssl.create_default_context())
            if self._mail.username:
                server.login(self._mail.username, self._mail.password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server


def as_email(mail: Mail, message: OutboxMessage) -> EmailMessage:
    email = EmailMessage(policy=PLAIN)
    email["From"] = mail.sender
    email["To"] = to_send(message.to)
    email["Subject"] = message.subject
    email["Date"] = message.created_at
    email["Message-ID"] = f"<{message.id}.{message.created_at:%Y%m%d%H%M%S%f}@{mail.sender.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.body)
    return email


def _in_bytes(mail: Mail, message: OutboxMessage, server: smtplib.SMTP) -> tuple[bytes, tuple[str, ...]]:
    """The message as it goes over the line, with the options of MAIL FROM. NotTaken where it cannot be written."""
    is_international = not to_send(message.to).isascii()
    if is_international and not server.has_extn("smtputf8"):
        raise NotTaken(Verdict.NOBODY, 0, "our mail server takes no addresses with such letters")
    try:
        if "@" not in message.to.strip("@ "):
            raise ValueError("not an address")
        email = as_email(mail, message)
        return email.as_bytes(policy=PLAIN.clone(utf8=is_international)), ("SMTPUTF8",) if is_international else ()
    except Exception as problem:  # whatever is wrong with a header: it is in no other message's way
        log.warning("message %s cannot be written: %s", message.id, type(problem).__name__)
        raise NotTaken(Verdict.NOBODY, 0, "this is no e-mail address that can be written to") from None


def _is_something_due() -> bool:
    with scope():
        return session.scalar(OutboxMessage.due().limit(1)) is not None


def _claim_next() -> OutboxMessage | None:
    """Claim the next message in a short transaction. It is sent outside of it, so that a slow mail server stops no
    writer.
    """
    with transaction():
        return OutboxMessage.claim_next()


def _not_taken(refusal: NotTaken, message: OutboxMessage) -> None:
    match refusal.what:
        case Verdict.STOP:
            message.postpone()
        case Verdict.LATER | Verdict.NOT_NOW:
            message.put_off(refusal.code, refusal.reason, address_too=refusal.what is Verdict.NOT_NOW)
        case Verdict.REFUSED | Verdict.NOBODY:
            message.refuse(refusal.code, refusal.reason, address_too=refusal.what is Verdict.NOBODY)


def _write(message: OutboxMessage, what: Callable[[OutboxMessage], None]) -> None:
    """Write down what became of it. While the database is locked it is tried again: else the message would go twice."""
    until = time.monotonic() + WRITES_FOR
    while True:
        try:
            with transaction():
                what(session.scalars(OutboxMessage.numbered(message.id)).one())
            return
        except DBAPIError as fault:
            if DatabaseTrouble.of(fault) is None or time.monotonic() > until:
                raise
            time.sleep(1)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said

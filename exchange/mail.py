"""Delivers the outbox by SMTP. A message that is tried twice carries the same Message-ID."""

import logging
import smtplib
import ssl
from email.message import EmailMessage

from config import Mail
from models.base import scope, session, transaction
from models.outbox import OutboxMessage

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 30


def deliver_due(mail: Mail) -> int:
    """Send what is due, oldest first; how many went. Stops at the first that does not: the next run tries again."""
    count = 0
    while (message := _claim_next()) is not None:
        if message.has_expired:
            continue  # it has expired since it was claimed
        try:
            _send(mail, message)
        except (OSError, smtplib.SMTPException) as problem:
            log.warning("message %s was not sent: %s", message.id, type(problem).__name__)
            _postpone(message)
            break
        _mark_sent(message)
        count += 1
    with transaction():
        OutboxMessage.wipe_expired()
    return count


def as_email(mail: Mail, message: OutboxMessage) -> EmailMessage:
    email = EmailMessage()
    email["From"] = mail.sender
    email["To"] = message.to
    email["Subject"] = message.subject
    email["Date"] = message.created_at
    email["Message-ID"] = f"<{message.id}.{message.created_at:%Y%m%d%H%M%S%f}@{mail.sender.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.body)
    return email


def _claim_next() -> OutboxMessage | None:
    """Claim the next message in a short transaction. It is sent outside of it, so that a slow mail server stops no
    writer.
    """
    with scope():
        if session.scalar(OutboxMessage.due().limit(1)) is None:
            return None
    with transaction():
        return next((each for each in session.scalars(OutboxMessage.due().limit(10)).all() if each.claim()), None)


def _send(mail: Mail, message: OutboxMessage) -> None:
    with smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_SECONDS) as server:
        if mail.starttls:
            server.starttls(context=ssl.create_default_context())
        if mail.username:
            server.login(mail.username, mail.password)
        server.send_message(as_email(mail, message))


def _mark_sent(message: OutboxMessage) -> None:
    with transaction():
        session.scalars(OutboxMessage.numbered(message.id)).one().sent()


def _postpone(message: OutboxMessage) -> None:
    with transaction():
        session.scalars(OutboxMessage.numbered(message.id)).one().postpone()

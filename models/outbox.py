"""Mail that waits to be sent. Written with the act that causes it, so that neither happens without the other.

Subjects and bodies never name a client: mail travels and lies about in the open.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, move, session, utc_now

LEASE = timedelta(minutes=5)
"""How long one sender may take over a message before another one tries it again."""


class OutboxMessage(Base):
    __tablename__ = "outbox_message"

    id: Mapped[Key]
    to: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    is_secret: Mapped[bool] = mapped_column(default=False)
    """The body holds a code: it is wiped once sent, or once too late."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    not_after: Mapped[datetime | None]
    """From then on the message helps nobody and is not sent."""
    try_after: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]

    @property
    def has_expired(self) -> bool:
        return self.not_after is not None and utc_now() >= self.not_after

    def claim(self) -> bool:
        """Take the message for this sender, unless another one was quicker."""
        is_free = (OutboxMessage.sent_at.is_(None), OutboxMessage.try_after == self.try_after)
        return move(self, *is_free, try_after=utc_now() + LEASE, attempts=OutboxMessage.attempts + 1)

    def sent(self) -> None:
        self.sent_at = utc_now()
        if self.is_secret:
            self.body = ""

    def postpone(self) -> None:
        """Sending did not work: try again in 1, 2, 4 ... minutes, at most an hour."""
        self.try_after = utc_now() + timedelta(minutes=min(60, 2 ** (self.attempts - 1)))

    @classmethod
    def due(cls) -> Select["OutboxMessage"]:
        now = utc_now()
        in_time = sa.or_(cls.not_after.is_(None), cls.not_after > now)
        return select(cls).where(cls.sent_at.is_(None), cls.try_after <= now, in_time).order_by(cls.try_after, cls.id)

    @classmethod
    def numbered(cls, message_id: int) -> Select["OutboxMessage"]:
        return select(cls).where(cls.id == message_id)

    @classmethod
    def newest_first(cls) -> Select["OutboxMessage"]:
        return select(cls).order_by(cls.created_at.desc(), cls.id.desc())

    @classmethod
    def wipe_expired(cls) -> None:
        """Blank the secrets that were never sent and no longer open anything."""
        session.execute(update(cls).where(cls.is_secret, cls.body != "", cls.not_after <= utc_now()).values(body=""))


def post(to: str, subject: str, body: str, *, not_after: datetime | None = None, is_secret: bool = False) -> None:
    session.add(OutboxMessage(to=to, subject=subject, body=body, not_after=not_after, is_secret=is_secret))

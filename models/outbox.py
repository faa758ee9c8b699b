"""Mail that waits to be sent. Written with the act that causes it, so that neither happens without the other.

Subjects and bodies never name a client: mail travels and lies about in the open. docs/mail-states.md has the table of
what becomes of a message, and when.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models import refused_address
from models.audit import Actor
from models.base import Base, DomainError, Key, move, session, utc_now
from models.refused_address import RefusedAddress

LEASE = timedelta(minutes=5)
"""How long one sender may take over a message before another one tries it again."""
GIVE_UP = timedelta(days=5)
"""How long a message is tried at an address that puts it off, and kept for one that refuses."""
AN_HOUR = timedelta(hours=1)
SENDS_AN_HOUR = 30
"""Mails to one address; the others wait. Codes have limits of their own (models.accounts.login_code)."""
TOO_OLD = "not taken for five days"


class OutboxMessage(Base):
    __tablename__ = "outbox_message"
    __table_args__ = (
        sa.CheckConstraint("sent_at IS NULL OR refused_at IS NULL", name="sent_or_refused"),
        sa.CheckConstraint("(refused_at IS NULL) = (refused_why IS NULL)", name="refused_says_why"),
        sa.Index("ix_outbox_message_to", "to", "sent_at"),
        sa.Index("ix_outbox_message_caused_by_id", "caused_by_id", "created_at"),
        sa.Index(
            "ix_outbox_message_waiting", "is_secret", "try_after", "id",
            sqlite_where=sa.text("sent_at IS NULL AND refused_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND refused_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Key]
    to: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    is_secret: Mapped[bool] = mapped_column(default=False)
    """The body holds a code: it goes before all others, and is wiped once sent, or once too late."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    not_after: Mapped[datetime | None]
    """From then on the message helps nobody and is not sent."""
    try_after: Mapped[datetime] = mapped_column(default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    """It was refused for good, and is not tried again, ..."""
    refused_code: Mapped[int | None]
    refused_why: Mapped[str | None]
    """... with this answer of the mail server, or for this reason of ours."""
    caused_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """Whose press it follows from, where what one person may cause is limited."""

    @property
    def has_expired(self) -> bool:
        return self.not_after is not None and utc_now() >= self.not_after

    def claim(self) -> bool:
        """Take the message for this sender, unless another one was quicker."""
        is_free = (*self._waits(), OutboxMessage.try_after == self.try_after)
        return move(self, *is_free, try_after=utc_now() + LEASE, attempts=OutboxMessage.attempts + 1)

    def sent(self) -> None:
        """It was taken. If the address was marked, it works again, and what waits for it is tried."""
        self.sent_at = utc_now()
        if self.is_secret:
            self.body = ""
        if refused_address.works(self.to):
            _give_up_the_old(self.to)

    def postpone(self) -> None:
        """Sending did not work: try again in 1, 2, 4 ... minutes, at most an hour."""
        self.try_after = utc_now() + timedelta(minutes=min(60, 2 ** min(self.attempts - 1, 6)))

    def put_off(self, code: int, reason: str, *, address_too: bool) -> None:
        """The mail server will not take it now: postponed, and after five days refused as by `refuse`."""
        if utc_now() < self.created_at + GIVE_UP:
            self.postpone()
        else:
            self.refuse(code, reason, address_too=address_too)

    def refuse(self, code: int, reason: str, *, address_too: bool) -> None:
        """It is never tried again. `address_too`: nor is anything else but a code, until the mark is gone."""
        self.refused_at, self.refused_code, self.refused_why = utc_now(), code, reason
        if self.is_secret:
            self.body = ""
        if address_too:
            refused_address.mark(self.to, code, reason)

    def _free_at(self) -> datetime | None:
        """When one more mail may go to its address, where that is later than now."""
        if self.is_secret:
            return None
        to = (OutboxMessage.to == self.to, OutboxMessage.is_secret.is_(False))
        newest = select(OutboxMessage.sent_at).where(*to, OutboxMessage.sent_at > utc_now() - AN_HOUR)
        limiting = newest.order_by(OutboxMessage.sent_at.desc()).offset(SENDS_AN_HOUR - 1).limit(1)
        found = session.scalar(limiting)
        return found + AN_HOUR if found else None

    @classmethod
    def claim_next(cls) -> "OutboxMessage | None":
        """The next message for this sender: codes first, then the one that has waited longest. What is too much for an
        address is put off until its hour is over.
        """
        codes, others = (cls.due().where(cls.is_secret.is_(which)).limit(10) for which in (True, False))
        while found := session.scalars(codes).all() or session.scalars(others).all():
            for message in found:
                if free_at := message._free_at():
                    theirs = (*cls._waits(), cls.to == message.to, cls.is_secret.is_(False), cls.try_after < free_at)
                    session.execute(update(cls).where(*theirs).values(try_after=free_at))
                    break
                if message.claim():
                    return message
        return None

    @classmethod
    def _waits(cls) -> tuple[sa.ColumnElement[bool], ...]:
        return cls.sent_at.is_(None), cls.refused_at.is_(None)

    @classmethod
    def due(cls) -> Select["OutboxMessage"]:
        now = utc_now()
        in_time = sa.or_(cls.not_after.is_(None), cls.not_after > now)
        is_tried = sa.or_(cls.is_secret, ~RefusedAddress.holds(cls.to))
        return (
            select(cls)
            .where(*cls._waits(), cls.try_after <= now, in_time, is_tried)
            .order_by(cls.is_secret.desc(), cls.try_after, cls.id)
        )

    @classmethod
    def waiting_for(cls, address: sa.SQLColumnExpression[str]) -> Select[int]:
        """How many messages wait for the address of an outer query, or for one address."""
        return select(func.count(cls.id)).where(*cls._waits(), func.lower(cls.to) == address, cls.is_secret.is_(False))

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


def post(
    to: str,
    subject: str,
    body: str,
    *,
    not_after: datetime | None = None,
    is_secret: bool = False,
    caused_by: Actor | None = None,
) -> None:
    """Put a mail into the outbox. `caused_by` where this person's mails are limited: insist_on_few."""
    session.add(
        OutboxMessage(
            to=to, subject=subject, body=body, not_after=not_after, is_secret=is_secret,
            caused_by_id=caused_by.id if caused_by else None,
        )
    )  # fmt: skip


CAUSES_AN_HOUR = 30
CAUSES_A_DAY = 100
TO_ONE_A_DAY = 10
"""Mails to one address with one subject that people at providers cause."""


def insist_on_few(by: Actor, to: str) -> None:
    """DomainError where mails to others have been caused by this person, or by anybody to this address, as often as may
    be.
    """
    since = {AN_HOUR: CAUSES_AN_HOUR, timedelta(days=1): CAUSES_A_DAY}
    for span, most in since.items():
        theirs = (OutboxMessage.caused_by_id == by.id, OutboxMessage.created_at > utc_now() - span)
        if (session.scalar(select(func.count(OutboxMessage.id)).where(*theirs)) or 0) >= most:
            while_ = "an hour" if span == AN_HOUR else "a day"
            raise DomainError(
                f"This would send an e-mail to a colleague, and you have caused {most} of them within {while_}. "
                "Nothing is changed. Try again later"
            )
    count = func.count(OutboxMessage.id)
    theirs = (OutboxMessage.to == to, OutboxMessage.caused_by_id.is_not(None))
    alike = select(count).where(*theirs, OutboxMessage.created_at > utc_now() - timedelta(days=1))
    if (session.scalar(alike.group_by(OutboxMessage.subject).order_by(count.desc()).limit(1)) or 0) >= TO_ONE_A_DAY:
        raise DomainError(
            f"This would send an e-mail to {to}, who has had {TO_ONE_A_DAY} like it within a day. Nothing is changed. "
            "Try again tomorrow"
        )


def try_again(mark: RefusedAddress, *, by: Actor) -> None:
    """Somebody has the address tried again: what waits goes with the next round, but for what is older than five days.
    DomainError as in refused_address.take_away.
    """
    refused_address.take_away(mark, by=by)
    _give_up_the_old(mark.address)


def _give_up_the_old(address: str) -> None:
    """News that was kept for a refused address for five days tells nothing any more."""
    old = (func.lower(OutboxMessage.to) == address.lower(), OutboxMessage.created_at <= utc_now() - GIVE_UP)
    refused = {"refused_at": utc_now(), "refused_why": TOO_OLD}
    session.execute(update(OutboxMessage).where(*OutboxMessage._waits(), *old).values(**refused))

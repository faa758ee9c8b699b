"""The alarm that is raised when one person opens the records of very many clients, one by one, within an hour.

docs/read-alarm-states.md has the table. What was opened is known from the audit itself: the event of an answer that
shows clients has a mark, the keyed hash of their references.

The alarm stops nobody: a home with 300 residents may well do so once a year. It sees to it that somebody else asks why.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.account_policy import policy
from models.accounts.user import User
from models.audit import record, record_marked, record_now
from models.base import Base, DomainError, Key, move, rows_changed, session, take_turns, utc_now
from models.outbox import post
from models.vault import keyed_hash
from models.waiting import waits
from models.words import how_many

HOUR = timedelta(hours=1)
"""It rolls: the hour up to now."""
_TURN = 6_033_346_000_000
"""With a person's id added, a number that no other lock of the portal has."""
OWN = "This alarm is about you. A colleague has to look at it"
TOO_LATE = "Somebody has looked at this already. Look at what they wrote"
MAIL = """\
{name} has opened the records of {clients} within an hour, one by one.

It may be quite right. Look at it under Audit, Alarms in the Provider Portal: who it was, what they opened, and when.
Ask them why, and write down what they said.
"""


class ReadAlarm(Base):
    __tablename__ = "read_alarm"
    __table_args__ = (
        sa.CheckConstraint("(looked_at IS NULL) = (looked_by_id IS NULL)", name="looked_by"),
        sa.CheckConstraint("(looked_at IS NULL) = (reason = '')", name="reason"),
        sa.CheckConstraint("looked_by_id <> user_id", name="by_another"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    raised_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_at: Mapped[datetime]
    """When the latest one was opened that it counts: less than an hour after it was raised."""
    opened: Mapped[int]
    """How many different clients, or sets of them, within one hour: the most there were."""
    looked_at: Mapped[datetime | None]
    looked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(default="")
    """What came of it, in the words of whoever has looked."""

    user: Mapped[User] = relationship(lazy="raise", foreign_keys=user_id, viewonly=True)
    looked_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=looked_by_id, viewonly=True)

    @hybrid_property
    def is_open(self) -> bool:
        return self.looked_at is None

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return cls.looked_at.is_(None)

    @classmethod
    def listed(cls, *, is_open: bool | None = None) -> Select["ReadAlarm"]:
        """Those that nobody has looked at first, then the latest; or only the ones or the others."""
        people = joinedload(cls.user).joinedload(User.staff), joinedload(cls.looked_by)
        query = select(cls).options(*people).order_by(cls.looked_at.is_not(None), cls.raised_at.desc(), cls.id.desc())
        return query if is_open is None else query.where(cls.is_open == is_open)

    @classmethod
    def numbered(cls, alarm_id: int) -> Select["ReadAlarm"]:
        return cls.listed().where(cls.id == alarm_id)

    def look(self, *, by: User, reason: str) -> None:
        """Somebody else has looked at it, and says what came of it."""
        if not reason.strip():
            raise DomainError("Say what came of it")
        if by.id == self.user_id:
            raise DomainError(OWN)
        if not move(self, ReadAlarm.is_open, looked_at=utc_now(), looked_by_id=by.id, reason=reason.strip()):
            raise DomainError(TOO_LATE)
        record("read_alarm.looked_at", self, by=by, user=self.user_id)


def opened(
    person: User, clients: set[str], about: str | None = None, *, provider_id: int | None = None, **detail: Any
) -> None:  # fmt: skip
    """Note in the audit that the person was shown these clients, by their references, on a page about this record. For
    the alarm a page with many counts as one, and the same page, or another one with the same clients, once within the
    hour since it was opened last, to the minute. A fixed number of statements, however many: one where no alarm is due,
    and on PostgreSQL one more.
    """
    where: dict[str, Any] = {"by": person, "provider_id": provider_id, **detail}
    limit = policy().clients_an_hour
    if not clients or not limit:
        record_now("client_record.read", about, **where)
        return
    take_turns(_TURN + person.id)
    mark = keyed_hash("\n".join(sorted(clients)))
    others = record_marked("client_record.read", about, mark=mark, since=HOUR, **where)
    if others + 1 > limit:
        _raise(person, others + 1)


def _raise(person: User, count: int) -> None:
    """Raise the alarm, or tell the one of this hour how many there are now."""
    now = utc_now()
    most = sa.case((ReadAlarm.opened < count, count), else_=ReadAlarm.opened)
    this_hour = (ReadAlarm.user_id == person.id, ReadAlarm.raised_at > now - HOUR)
    if rows_changed(update(ReadAlarm).where(*this_hour).values(opened=most, last_at=now), unsynced=True):
        return
    alarm = ReadAlarm(user_id=person.id, raised_at=now, last_at=now, opened=count)
    session.add(alarm)
    record("read_alarm.raised", alarm, by=None, user=person.id, clients=count)
    if policy().alarm_to:
        words = MAIL.format(name=person.name, clients=how_many(count, "client"))
        post(policy().alarm_to, "Many clients’ records opened within an hour", words)


def waiting() -> Select:
    """The alarms that nobody has looked at, counted: see models.waiting."""
    return waits("alarms", func.count(ReadAlarm.id), func.min(ReadAlarm.raised_at)).where(ReadAlarm.is_open)

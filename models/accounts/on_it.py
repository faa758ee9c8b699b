"""Who of the council's staff has taken which queue of the desk today: docs/queue-states.md.

A note for colleagues, no lock: it keeps nobody from the work, ends with the day in London, and is not audited.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.base import Base, DomainError, Key, insert_first, move, rows_changed, session, utc_now
from models.calendar import london_day
from models.statements import day_of
from models.waiting import Waiting, together


class OnIt(Base):
    """One person is on one queue, on one day. By the real clock, also where the council's day stands still."""

    __tablename__ = "on_it"
    __table_args__ = (sa.UniqueConstraint("queue", "on"),)

    id: Mapped[Key]
    queue: Mapped[str]
    on: Mapped[date]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    since: Mapped[datetime] = mapped_column(default=utc_now)

    user: Mapped[User] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def today(cls, queue: str) -> Select["OnIt"]:
        own = cls.queue == queue, cls.on == _day()
        return select(cls).where(*own).options(joinedload(cls.user)).execution_options(populate_existing=True)


@dataclass(frozen=True)
class Taken:
    """Who is on a queue today, and since when."""

    user_id: int
    name: str
    since: datetime


def _day() -> date:
    return london_day(utc_now())


_TODAY = day_of("the_real_day", _day)


def take(queue: str, *, by: User, seen_id: int | None) -> None:
    """Say that `by` is on it until the end of the day. `seen_id` is the colleague whom the page showed to be on it, and
    from whom it is taken over; None where it showed nobody. DomainError where it is somebody else by now.
    """
    rows_changed(delete(OnIt).where(OnIt.on < _day()), unsynced=True)
    if insert_first(OnIt, queue=queue, on=_day(), user_id=by.id, since=utc_now()):
        return
    known = session.scalars(OnIt.today(queue)).one_or_none()
    if known is not None and known.user_id == by.id:
        return
    if known is None or known.user_id != seen_id:
        who = "Somebody else" if known is None else known.user.name
        raise DomainError(f"{who} has just taken this. Ask them, or take it over from them")
    if not move(known, OnIt.user_id == seen_id, user_id=by.id, since=utc_now()):
        raise DomainError("Somebody else has just taken this over. Look who is on it now")


def let_go(queue: str, *, by: User) -> bool:
    """`by` is on it no more; whether they were."""
    own = OnIt.queue == queue, OnIt.on == _day(), OnIt.user_id == by.id
    return rows_changed(delete(OnIt).where(*own), unsynced=True) > 0


def with_who(queries: Sequence[Select]) -> Select:
    """What waits, of the queries of models.waiting.waits, of which there is one at least, and who is on each of it
    today: for `ask_with_who`. It holds no day, so that it may be built once.
    """
    found = together(queries)
    on_it = sa.and_(OnIt.queue == found.c.name, OnIt.on == _TODAY)
    query = select(*found.c, OnIt.user_id, OnIt.since.label("taken_at"), User.name.label("who")).select_from(found)
    return query.outerjoin(OnIt, on_it).outerjoin(User, User.id == OnIt.user_id)


def ask_with_who(query: Select, given: Mapping[str, Any]) -> list[tuple[Waiting, Taken | None]]:
    """What the query of `with_who` finds; `given` are the values of its parameters."""
    return [(Waiting.of(row), Taken(row.user_id, row.who, row.taken_at) if row.user_id else None)
            for row in session.execute(query, given)]  # fmt: skip

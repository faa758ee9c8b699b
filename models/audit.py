"""One row for each act: what happened, who did it, and to which record. Rows are never changed or removed.

Rows hold ids and codes, never a client's name or free text, so that they can be kept when personal data must go.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import tenancy
from models.base import Base, Key, session, utc_now


class Actor(Protocol):
    """Whoever does something: a models.accounts.user.User."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


class AppendOnly:
    """Marks a table whose rows are only added. `_append_only` and triggers of the database refuse anything else."""


AGAIN = timedelta(minutes=1)
"""For how long the mark of an event stands for another one of the same person."""


class AuditEvent(AppendOnly, Base):
    __tablename__ = "audit_event"
    __table_args__ = (
        sa.Index(
            "ix_audit_event_marked", "user_id", "at", "mark", sqlite_where=sa.text("mark IS NOT NULL"),
            postgresql_where=sa.text("mark IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    action: Mapped[str] = mapped_column(index=True)
    """What was done, as `aggregate.verb`: `payment.finalised`."""
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    provider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("provider.id"), index=True)
    subject: Mapped[str | None] = mapped_column(index=True)
    """The record it was done to, as `table:id`."""
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    mark: Mapped[str | None]
    """By which events of one person are told apart and counted for a while (`record_marked`); None of most events. It
    says nothing of what was done, and no seal is over it.
    """


def record(
    action: str, subject: Base | str | None = None, *, by: Actor | None, provider_id: int | None = None, **detail: Any
) -> None:
    """Add the event to the open transaction: it is kept only if the act itself is committed.

    `action` is a key of models.auditing.words.ACTIONS, `subject` a record or what the audit calls it. `by` is None for
    what the system or a command does, and for somebody who has not logged in. Without `provider_id` the provider is the
    subject's, or else that of the request.
    """
    session.add(AuditEvent(**_row(action, subject, by, provider_id, detail)))


def record_now(
    action: str, subject: Base | str | None = None, *, by: Actor | None, provider_id: int | None = None, **detail: Any
) -> None:
    """As `record`, and sent to the database at once: for what is noted of every page, where a unit of work takes half
    a millisecond.
    """
    session.execute(_insert(), {"at": utc_now(), **_row(action, subject, by, provider_id, detail)})


def record_marked(
    action: str, subject: Base | str | None, *, by: Actor, provider_id: int | None, mark: str, since: timedelta,
    **detail: Any,
) -> int:  # fmt: skip
    """As `record_now`, of an event with a mark, and in the same statement: how many other marks this person's events
    have had in the time `since` until now. The same mark again within AGAIN is not kept a second time, so that what is
    counted stays little, however often somebody asks.
    """
    row, now = _row(action, subject, by, provider_id, detail), utc_now()
    when = {"at": now, "after": now - since, "again": now - AGAIN}
    return session.execute(_insert_marked(), {**row, **when, "mark": mark}).scalar_one()


@cache
def _insert() -> sa.Insert:
    return sa.insert(Base.metadata.tables[AuditEvent.__tablename__])


@cache
def _insert_marked() -> sa.Executable:
    """What it returns is of other marks than the one that it writes, since databases differ in whether they see that
    one already.
    """
    table = Base.metadata.tables[AuditEvent.__tablename__]
    given: dict[str, Any] = {
        each.name: sa.bindparam(each.name, type_=each.type) for each in table.c if each.name != "id"
    }
    other, mark = table.alias(), given["mark"]
    after, again = (sa.bindparam(name, type_=table.c.at.type) for name in ("after", "again"))
    theirs = other.c.user_id == given["user_id"]
    is_known = sa.exists().where(theirs, other.c.at > again, other.c.mark == mark)
    others = theirs, other.c.at > after, other.c.mark.is_not(None), other.c.mark != mark
    count = sa.select(sa.func.count(other.c.mark.distinct())).where(*others)
    new = sa.insert(table).values({**given, "mark": sa.case((is_known, None), else_=mark)})
    return new.returning(count.scalar_subquery())


def _row(
    action: str, subject: Base | str | None, by: Actor | None, provider_id: int | None, detail: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    if isinstance(subject, Base) and subject.__mapper__.primary_key_from_instance(subject)[0] is None:
        session.flush()
    current = tenancy.tenant()
    return {
        "action": action,
        "user_id": by.id if by else None,
        "provider_id": provider_id
        or getattr(subject, "provider_id", None)
        or (current if isinstance(current, int) else None),
        "subject": named(subject) if isinstance(subject, Base) else subject,
        "detail": detail,
    }


def named(row: Base) -> str:
    """What the audit calls this record."""
    return f"{row.__tablename__}:{row.id}"


@event.listens_for(Session, "before_flush")
def _append_only(current_session: Session, _context: Any, _instances: Any) -> None:
    touched = (*(row for row in current_session.dirty if current_session.is_modified(row)), *current_session.deleted)
    for row in touched:
        if isinstance(row, AppendOnly):
            raise RuntimeError(f"a {type(row).__name__} is never changed or removed")

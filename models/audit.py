"""What happened, who did it, and to what: one row an act, never changed and never removed.

Rows hold ids and codes, never a client's name or free text, so that they can be kept when personal
data must go.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import tenancy
from models.base import Base, Key, session, utc_now

if TYPE_CHECKING:
    from models.user import User


class AuditEvent(Base):
    __tablename__ = "audit_event"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    action: Mapped[str] = mapped_column(index=True)
    """What was done, as `aggregate.verb`: `payment.finalised`."""
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    provider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("provider.id"), index=True)
    subject: Mapped[str | None]
    """The record it was done to, as `table:id`."""
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


def record(action: str, subject: Base | None = None, *, by: "User | None", **detail: Any) -> None:
    """Add the event to the unit of work at hand: it is kept only if the act itself is.

    `by` is None for what the system or a command does of itself.
    """
    if subject is not None and subject.__mapper__.primary_key_from_instance(subject)[0] is None:
        session.flush()
    current = tenancy.tenant()
    session.add(
        AuditEvent(
            action=action,
            user_id=by.id if by else None,
            provider_id=getattr(subject, "provider_id", None) or (current if isinstance(current, int) else None),
            subject=f"{subject.__tablename__}:{subject.id}" if subject is not None else None,
            detail=detail,
        )
    )


@event.listens_for(Session, "before_flush")
def _append_only(current_session: Session, _context: Any, _instances: Any) -> None:
    touched = (*(row for row in current_session.dirty if current_session.is_modified(row)), *current_session.deleted)
    if any(isinstance(row, AuditEvent) for row in touched):
        raise RuntimeError("an audit event is never changed or removed")

"""Texts that the council keeps for its answers to actions, so that nobody types them again."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, insert_first, move, rows_changed, session, utc_now
from models.correspondence.action_post import tidy
from models.tenancy import restrict

LONGEST_NAME = 80
JUST_CHANGED = "Somebody else has just changed or removed this text. Look at it again"


class KeptReply(Base):
    """A text under a name. What was sent with it stays as it was sent."""

    __tablename__ = "kept_reply"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)

    @classmethod
    def by_name(cls) -> Select["KeptReply"]:
        return select(cls).order_by(sa.func.lower(cls.name), cls.id)

    @classmethod
    def numbered(cls, kept_id: int) -> Select["KeptReply"]:
        return select(cls).where(cls.id == kept_id)


restrict(KeptReply, lambda _tenant: sa.false())


def add(name: str, text: str, *, by: User) -> KeptReply:
    """DomainError where there is a text of this name."""
    if not insert_first(KeptReply, name=name, text=tidy(text), changed_at=utc_now()):
        raise DomainError(f"There is a text called {name} already. Choose another name, or change that one")
    kept = session.scalars(select(KeptReply).where(KeptReply.name == name)).one()
    record("kept_reply.added", kept, by=by)
    return kept


def change(kept: KeptReply, name: str, text: str, *, by: User, seen: datetime) -> None:
    """DomainError where another text has this name, or where this one was not last changed at `seen`."""
    others = select(KeptReply.id).where(KeptReply.name == name, KeptReply.id != kept.id)
    if session.scalar(others) is not None:
        raise DomainError(f"There is a text called {name} already. Choose another name")
    if not move(kept, KeptReply.changed_at == seen, name=name, text=tidy(text), changed_at=utc_now()):
        raise DomainError(JUST_CHANGED)
    record("kept_reply.changed", kept, by=by)


def remove(kept: KeptReply, *, by: User) -> None:
    """DomainError where somebody has removed it already."""
    if not rows_changed(delete(KeptReply).where(KeptReply.id == kept.id), unsynced=True):
        raise DomainError(JUST_CHANGED)
    record("kept_reply.removed", kept, by=by)

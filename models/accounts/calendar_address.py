"""A person's own address of their deadlines, which a calendar program reads without logging in.

Whoever has the address reads the deadlines, so it is a long secret, kept as a hash, and its owner can take it back at
any time. It shows what its owner may see at that moment: who leaves a provider no longer reads its deadlines there. The
program that reads it may belong to somebody else, and keeps copies, so that no sum and no client stands in it.
"""

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, Key, rows_changed, session, utc_now


class CalendarAddress(Base):
    """The one address that a person has just now."""

    __tablename__ = "calendar_address"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)

    user: Mapped[User] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def of(cls, user: User) -> Select["CalendarAddress"]:
        return select(cls).where(cls.user_id == user.id).order_by(cls.id)

    @classmethod
    def reached_by(cls, token: str) -> Select["CalendarAddress"]:
        """The one with this secret, if its owner may log in."""
        return (
            select(cls)
            .join(cls.user)
            .options(sa.orm.contains_eager(cls.user))
            .where(cls.token_hash == _hashed(token), User.is_active)
            .order_by(cls.id)
        )


def make_address(*, by: User) -> str:
    """Give the person a new address, and return its secret, which is nowhere kept. The one before is no more."""
    rows_changed(delete(CalendarAddress).where(CalendarAddress.user_id == by.id), unsynced=True)
    token = secrets.token_urlsafe(32)
    session.add(CalendarAddress(user_id=by.id, token_hash=_hashed(token)))
    record("calendar_address.made", by, by=by)
    return token


def take_back(*, by: User) -> None:
    """Whoever has the address reads nothing there any more."""
    if rows_changed(delete(CalendarAddress).where(CalendarAddress.user_id == by.id), unsynced=True):
        record("calendar_address.taken_back", by, by=by)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

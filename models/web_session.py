"""Log-in sessions, kept here so that ending one really ends it. The browser holds a random token only."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Delete, Select, Update, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, utc_now

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
FRESH = timedelta(minutes=15)
"""For how long a password or code that was given opens what takes a fresh one."""


class WebSession(Base):
    __tablename__ = "web_session"

    id: Mapped[Key]
    token_sha256: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    """Whose it is once both steps are done."""
    data: Mapped[dict[str, Any]]
    user_agent: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(default=lambda: utc_now() + ABSOLUTE, index=True)

    @classmethod
    def opened_by(cls, token: str) -> Select["WebSession"]:
        now = utc_now()
        return select(cls).where(cls.token_sha256 == digest(token), cls.expires_at > now, cls.last_seen_at > now - IDLE)

    @classmethod
    def changed(cls, session_id: int, user_id: int | None, data: dict[str, Any]) -> Update:
        """Only if it still exists: what an administrator ended stays ended."""
        return update(cls).where(cls.id == session_id).values(user_id=user_id, data=data, last_seen_at=utc_now())

    @classmethod
    def seen(cls, session_id: int) -> Update:
        return update(cls).where(cls.id == session_id).values(last_seen_at=utc_now())

    @classmethod
    def ended(cls, session_id: int) -> Delete:
        return delete(cls).where(cls.id == session_id)

    @classmethod
    def all_ended(cls, user_id: int, *, but: int | None = None) -> Delete:
        """Every session of this person's, except the one with the id `but`."""
        theirs = delete(cls).where(cls.user_id == user_id)
        return theirs if but is None else theirs.where(cls.id != but)

    @classmethod
    def of(cls, user_id: int) -> Select["WebSession"]:
        return select(cls).where(cls.user_id == user_id).order_by(cls.last_seen_at.desc(), cls.id.desc())

    @classmethod
    def outlived(cls) -> Delete:
        now = utc_now()
        return delete(cls).where(sa.or_(cls.expires_at <= now, cls.last_seen_at <= now - IDLE))


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

"""Browsers that somebody has logged in with before. A stranger's wrong passwords are counted apart from theirs, so
that nobody can be locked out of the portal at their own telephone (docs/security.md).
"""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.web_session import digest
from models.base import Base, Key, rows_changed, session, utc_now

LIFE = timedelta(days=365)
"""How long a browser stays known when nobody logs in with it."""
MOST = 50
"""Browsers of one person; of more, the one that was used longest ago is forgotten."""


class KnownDevice(Base):
    """A browser in which one person has completed a log-in. People who share it have a row each, with one token."""

    __tablename__ = "known_device"
    __table_args__ = (sa.UniqueConstraint("token_sha256", "user_id"),)

    id: Mapped[Key]
    token_sha256: Mapped[str]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime] = mapped_column(default=utc_now)

    @classmethod
    def with_token(cls, token: str | None, user_id: int | None) -> Select[int]:
        """The id of the row that makes this browser known for this person. For no person (None) the query runs all the
        same and finds nothing, so that an unknown address takes as long.
        """
        is_fresh = cls.last_used_at > utc_now() - LIFE
        return select(cls.id).where(cls.token_sha256 == digest(token or ""), cls.user_id == (user_id or 0), is_fresh)

    @classmethod
    def remember(cls, user_id: int, token: str | None) -> str:
        """The person has completed a log-in in this browser: returns a new token for its cookie.

        The new token replaces `token`, which the browser came with, in the rows of everybody who shares it: one that
        was copied or planted is worth nothing from then on. The rows keep their ids, and so the wrong tries counted for
        them.
        """
        now, fresh = utc_now(), secrets.token_urlsafe(32)
        session.execute(delete(cls).where(cls.last_used_at <= now - LIFE))
        if token:
            session.execute(update(cls).where(cls.token_sha256 == digest(token)).values(token_sha256=digest(fresh)))
        this = (cls.token_sha256 == digest(fresh), cls.user_id == user_id)
        if rows_changed(update(cls).where(*this).values(last_used_at=now)) == 0:
            session.add(cls(token_sha256=digest(fresh), user_id=user_id, created_at=now, last_used_at=now))
            session.flush()
            newest = select(cls.id).where(cls.user_id == user_id).order_by(cls.last_used_at.desc(), cls.id.desc())
            session.execute(delete(cls).where(cls.id.in_(newest.offset(MOST))))
        return fresh

    @classmethod
    def forget_all(cls, user_id: int, *, but: str | None = None) -> None:
        """Every browser of this person is a new one again, except the one with the token `but`."""
        theirs = delete(cls).where(cls.user_id == user_id)
        session.execute(theirs if but is None else theirs.where(cls.token_sha256 != digest(but)))

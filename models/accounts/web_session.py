"""Log-in sessions, kept here so that ending one really ends it. The browser holds a random token only.

A session ends when nothing was done in it for a while, when it has lasted for long enough, or when its person logs in
in too many places. Its row then stays for a day, and opens nothing: by it a form that was sent too late finds its
person (models.accounts.kept_form). Logging out, and being logged out by somebody, deletes the row at once.
Uses the real clock, never the business calendar.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Delete, Select, Update, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, utc_now
from models.permissions import CouncilRole

SEEN_EVERY = timedelta(minutes=1)
FRESH = timedelta(minutes=15)
"""How long after a password or code was given a view with `fresh=True` asks for none."""
MOST = 5
"""Sessions that one person may have at a time."""
REMEMBERED = timedelta(days=1)
"""For how long a session that has ended is known."""


@dataclass(frozen=True)
class Limits:
    idle: timedelta
    """After how long without a request it ends."""
    absolute: timedelta
    """After how long it ends in any case."""

    @classmethod
    def of(cls, role: CouncilRole | None) -> "Limits":
        """Those of somebody in this role at the council; None is somebody at a provider."""
        if role is CouncilRole.SYSTEMS_ADMINISTRATOR:
            return cls(timedelta(minutes=15), timedelta(hours=8))
        return cls(timedelta(minutes=30), timedelta(hours=12 if role is None else 10))


ON_THE_WAY_IN = Limits(timedelta(minutes=30), timedelta(hours=1))
"""Of a session in which nobody has logged in yet."""


class End(StrEnum):
    """Why a session has ended."""

    IDLE = "idle"
    ABSOLUTE = "absolute"
    REPLACED = "replaced"


class WebSession(Base):
    __tablename__ = "web_session"

    id: Mapped[Key]
    token_sha256: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    """Whose it is once both steps are done."""
    data: Mapped[dict[str, Any]]
    user_agent: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    """When the person logged in."""
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    idle_minutes: Mapped[int] = mapped_column(default=30)
    idle_until: Mapped[datetime] = mapped_column(default=lambda: utc_now() + Limits.of(None).idle, index=True)
    expires_at: Mapped[datetime] = mapped_column(default=lambda: utc_now() + Limits.of(None).absolute, index=True)
    replaced_at: Mapped[datetime | None]
    """When a later log-in of the same person took its place."""

    @classmethod
    def begin(cls, token: str, limits: Limits, **columns: Any) -> "WebSession":
        now = utc_now()
        minutes = limits.idle // timedelta(minutes=1)
        return cls(
            token_sha256=digest(token), created_at=now, last_seen_at=now, idle_minutes=minutes,
            idle_until=now + limits.idle, expires_at=now + limits.absolute, **columns,
        )  # fmt: skip

    def go_on(self, token: str, **columns: Any) -> "WebSession":
        """The same log-in under another token. It does not last any longer for that."""
        now = utc_now()
        return WebSession(
            token_sha256=digest(token), user_id=self.user_id, user_agent=self.user_agent, created_at=self.created_at,
            last_seen_at=now, idle_minutes=self.idle_minutes, idle_until=now + self.idle, expires_at=self.expires_at,
            **columns,
        )  # fmt: skip

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def hours(self) -> int:
        """How long it lasts in any case."""
        return (self.expires_at - self.created_at) // timedelta(hours=1)

    @property
    def ends_at(self) -> datetime:
        """When it ends if nothing is done until then."""
        return min(self.idle_until, self.expires_at)

    @property
    def ended(self) -> End | None:
        if self.replaced_at is not None:
            return End.REPLACED
        if utc_now() < self.ends_at:
            return None
        return End.ABSOLUTE if self.expires_at <= self.idle_until else End.IDLE

    @classmethod
    def known_by(cls, token: str) -> Select["WebSession"]:
        """The session of this token, open or ended: ask `ended`."""
        return select(cls).where(cls.token_sha256 == digest(token))

    @classmethod
    def is_open(cls) -> sa.ColumnElement[bool]:
        now = utc_now()
        return sa.and_(cls.idle_until > now, cls.expires_at > now, cls.replaced_at.is_(None))

    @classmethod
    def changed(cls, session_id: int, user_id: int | None, data: dict[str, Any]) -> Update:
        """Store who is logged in and the data, only while the session is open: one that was ended stays ended."""
        return update(cls).where(cls.id == session_id, cls.is_open()).values(user_id=user_id, data=data)

    def seen(self) -> Update:
        """Somebody is there: it stays open. One that has ended does not open again."""
        now = utc_now()
        mine = (WebSession.id == self.id, WebSession.is_open())
        return update(WebSession).where(*mine).values(last_seen_at=now, idle_until=now + self.idle)

    @classmethod
    def left_behind(cls, session_id: int) -> Delete:
        """Delete the row of the old token, only while the session is open. The same log-in has a new row."""
        return delete(cls).where(cls.id == session_id, cls.is_open())

    @classmethod
    def deleted(cls, session_id: int) -> Delete:
        return delete(cls).where(cls.id == session_id)

    @classmethod
    def all_ended(cls, user_id: int, *, but: int | None = None) -> Delete:
        """Every session of this person's, except the one with the id `but`."""
        theirs = delete(cls).where(cls.user_id == user_id)
        return theirs if but is None else theirs.where(cls.id != but)

    @classmethod
    def room_made(cls, user_id: int) -> Update:
        """End the person's oldest open sessions, so that with a new one they have at most MOST."""
        newest = sa.and_(cls.user_id == user_id, cls.is_open())
        surplus = select(cls.id).where(newest).order_by(cls.created_at.desc(), cls.id.desc()).offset(MOST - 1)
        return update(cls).where(cls.id.in_(surplus)).values(replaced_at=utc_now())

    @classmethod
    def of(cls, user_id: int) -> Select["WebSession"]:
        """Those that are open, the one used last first."""
        theirs = select(cls).where(cls.user_id == user_id, cls.is_open())
        return theirs.order_by(cls.last_seen_at.desc(), cls.id.desc())

    @classmethod
    def outlived(cls) -> Delete:
        """Delete sessions of nobody once they have ended, and a person's a day later."""
        then = utc_now() - REMEMBERED
        forgotten = (cls.idle_until <= then, cls.expires_at <= then, cls.replaced_at <= then)
        return delete(cls).where(sa.or_(*forgotten, sa.and_(cls.user_id.is_(None), sa.not_(cls.is_open()))))


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

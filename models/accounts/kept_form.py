"""What somebody typed and could not send, because their session had ended or they first had to say who they are.

It is sealed, kept for an hour, and shown to the same person again on the same page. It is never sent for them.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Delete, Select, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.press import FIELD as ONE_TIME_KEY
from models.base import Base, Key, session, utc_now
from models.vault import seal, unseal

KEPT_FOR = timedelta(hours=1)
MOST_BYTES = 64 * 1024
LONGEST_PATH = 2_000
"""Bytes: what a database takes into an index."""
MOST_FORMS = 20
"""Of one person; of more, the newest are kept."""
NEVER_KEPT = frozenset({"password", "code", "current", "new", "confirm", "asked", "credential", "csrf_token"})
"""Names of fields that hold secrets, or belong to a button or a session."""

Typed = list[tuple[str, str]]
"""Names and values, in the order in which the browser sent them."""


class KeptForm(Base):
    __tablename__ = "kept_form"
    __table_args__ = (sa.UniqueConstraint("user_id", "path"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    path: Mapped[str]
    """The address of the page that the form is on."""
    sealed: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)

    @classmethod
    def keep(cls, user_id: int, path: str, typed: Iterable[tuple[str, str]]) -> bool:
        """Keep what was typed on this page, in place of what was kept of it before, with the form's one-time key: if it
        was sent once already, sending it again does nothing. False if nothing is to be kept.
        """
        kept = [(name, value) for name, value in typed if name.split("-")[0] not in NEVER_KEPT]
        text = json.dumps(kept, ensure_ascii=False)
        is_short = len(text.encode()) <= MOST_BYTES and len(path.encode()) <= LONGEST_PATH
        if not is_short or not any(value for name, value in kept if name != ONE_TIME_KEY):
            return False
        session.execute(cls.outlived())
        session.execute(delete(cls).where(cls.user_id == user_id, cls.path == path))
        newest = select(cls.id).where(cls.user_id == user_id).order_by(cls.created_at.desc(), cls.id.desc())
        session.execute(delete(cls).where(cls.id.in_(newest.offset(MOST_FORMS - 1))))
        session.add(cls(user_id=user_id, path=path, sealed=seal(_owner(user_id), text)))
        return True

    @property
    def typed(self) -> Typed:
        return [(name, value) for name, value in json.loads(unseal(_owner(self.user_id), self.sealed))]

    @classmethod
    def of(cls, user_id: int) -> Select["KeptForm"]:
        """What is kept for this person and not an hour old."""
        fresh = (cls.user_id == user_id, cls.created_at > utc_now() - KEPT_FOR)
        return select(cls).where(*fresh).order_by(cls.created_at, cls.id)

    @classmethod
    def on(cls, user_id: int, path: str) -> Select["KeptForm"]:
        return cls.of(user_id).where(cls.path == path)

    @classmethod
    def sent(cls, user_id: int, path: str) -> Delete:
        """The form was sent after all."""
        return delete(cls).where(cls.user_id == user_id, cls.path == path)

    @classmethod
    def outlived(cls) -> Delete:
        return delete(cls).where(cls.created_at <= utc_now() - KEPT_FOR)


def _owner(user_id: int) -> str:
    return f"kept_form:{user_id}"

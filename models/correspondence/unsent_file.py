"""Files that came with a form which was not sent yet: refused, or left half typed. They lie in the store for a day, and
count until then: for the person who sent them, and for the room of their provider.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, insert_missing, rows_changed, session, sum_of, utc_now
from models.correspondence.file_kind import MEGABYTE

KEPT_FOR = timedelta(days=1)
"""As long as the store keeps a file that no record has."""
MOST_UNSENT = 60 * MEGABYTE
"""Bytes of one person: one form can hold them, and a second one that is as large cannot beside it."""


class Lying(Protocol):
    """A file in the store: models.correspondence.attachment.Taken."""

    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...


class UnsentFile(Base):
    """A person has sent this file to the portal, and no record has it. Of the same file twice there is one row."""

    __tablename__ = "unsent_file"
    __table_args__ = (sa.UniqueConstraint("user_id", "sha256"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    provider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("provider.id"), index=True)
    """For whose record it was meant; None where the council sends it."""
    sha256: Mapped[str]
    size: Mapped[int]
    """Bytes."""
    at: Mapped[datetime] = mapped_column(default=utc_now)


def unsent_of(user_id: int) -> int:
    """Bytes that this person has sent with forms that were not sent, within a day."""
    fresh = (UnsentFile.user_id == user_id, UnsentFile.at > utc_now() - KEPT_FOR)
    return session.scalar(select(sum_of(UnsentFile.size)).where(*fresh)) or 0


def unsent_for(provider_id: int, *, but: Sequence[Lying], by_id: int) -> int:
    """Bytes that lie here for this provider and belong to no record, without those files of this person."""
    own = sa.and_(UnsentFile.user_id == by_id, UnsentFile.sha256.in_([each.sha256 for each in but]))
    fresh = (UnsentFile.provider_id == provider_id, UnsentFile.at > utc_now() - KEPT_FOR, ~own)
    return session.scalar(select(sum_of(UnsentFile.size)).where(*fresh)) or 0


def remember(files: Sequence[Lying], *, user_id: int, provider_id: int | None) -> None:
    """Count these from now on for a day."""
    hashes = [each.sha256 for each in files]
    rows_changed(update(UnsentFile).where(UnsentFile.user_id == user_id, UnsentFile.sha256.in_(hashes)).values(
        at=utc_now()), unsynced=True)  # fmt: skip
    rows = [
        {"user_id": user_id, "provider_id": provider_id, "sha256": each.sha256, "size": each.size, "at": utc_now()}
        for each in files
    ]
    if rows:
        insert_missing(UnsentFile, rows)


def are_sent(files: Sequence[Lying], *, user_id: int) -> None:
    """A record has them now."""
    hashes = [each.sha256 for each in files]
    mine = (UnsentFile.user_id == user_id, UnsentFile.sha256.in_(hashes))
    rows_changed(delete(UnsentFile).where(*mine), unsynced=True)


def forget_outlived() -> int:
    """Drop what the store has cleared away; how many rows."""
    return rows_changed(delete(UnsentFile).where(UnsentFile.at <= utc_now() - KEPT_FOR), unsynced=True)

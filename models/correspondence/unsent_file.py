"""Files that came with a form which was not sent yet: refused, or left half typed. They lie in the store for a day, and
count until then: for the person who sent them, and for the room of their provider.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, utc_now
from models.correspondence.file_kind import MEGABYTE

KEPT_FOR = timedelta(days=1)
"""As long as the store keeps a file that no record has."""
MOST_UNSENT = 60 * MEGABYTE
"""Bytes of one person: one form can hold them, and a second one that is as large cannot beside it."""


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

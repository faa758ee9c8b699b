"""What has come in from the finance system, and which import each row came from."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import Base, Key, utc_now


class FeedImport(Base):
    """One import that changed something: the name of its directory, and the hash of all that was read."""

    __tablename__ = "feed_import"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    name: Mapped[str]
    sha256: Mapped[str]
    counts: Mapped[dict[str, Any]]
    """By file name: how many rows were read, new, changed and unchanged, in this order."""


class FromFeed:
    """A row that the finance system owns: the import that last changed it, and its line in that file."""

    @declared_attr
    def feed_import_id(cls) -> Mapped[int | None]:
        return mapped_column(sa.ForeignKey("feed_import.id"), index=True)

    feed_row: Mapped[int | None]

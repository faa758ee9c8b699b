"""What has come in from the finance system, and which import each row came from."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, declared_attr, defer, mapped_column

from models.base import AsJSON, Base, Key, utc_now
from models.statements import built_once

LARGEST = 20
"""Payments that an effect names."""
KEPT_WARNINGS = 1_000


@dataclass(frozen=True, slots=True)
class Moved:
    """Payments that come to something else: how many, and by how much in pence, signed; with VAT."""

    payments: int = 0
    pence: int = 0


@dataclass(frozen=True, slots=True)
class MovedPayment:
    """One payment that comes to something else, in pence with VAT."""

    contract: str
    """The contract's reference."""
    first_on: date
    last_on: date
    before_pence: int
    after_pence: int

    @property
    def pence(self) -> int:
        return self.after_pence - self.before_pence

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"first_on": self.first_on.isoformat(), "last_on": self.last_on.isoformat()}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        first, last = date.fromisoformat(row["first_on"]), date.fromisoformat(row["last_on"])
        return cls(row["contract"], first, last, row["before_pence"], row["after_pence"])


@dataclass(frozen=True)
class Effect:
    """What a feed changes in money: payments as they would be calculated with it, against those without it, both on the
    day of the feed.
    """

    begun: Moved = Moved()
    """Payments whose days have begun, or that are due."""
    to_come: Moved = Moved()
    largest: tuple[MovedPayment, ...] = ()
    """The begun payments that change most, the largest change first; where none has begun, those to come."""
    broken: tuple[str, ...] = ()
    """References of contracts that can no longer be calculated."""
    unknown: tuple[str, ...] = ()
    """References of contracts that could not be calculated before it either: what it changes in them is not known."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "begun": [self.begun.payments, self.begun.pence],
            "to_come": [self.to_come.payments, self.to_come.pence],
            "largest": [each.as_dict() for each in self.largest],
            "broken": list(self.broken),
            "unknown": list(self.unknown),
        }

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        largest = tuple(MovedPayment.from_dict(each) for each in row["largest"])
        return cls(
            Moved(*row["begun"]), Moved(*row["to_come"]), largest, tuple(row["broken"]), tuple(row.get("unknown", ()))
        )


class FeedImport(Base):
    """One import that changed something: the name of its directory, and the hash of all that was read."""

    __tablename__ = "feed_import"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    name: Mapped[str]
    sha256: Mapped[str]
    counts: Mapped[dict[str, Any]]
    """By file name: how many rows were read, new, changed and unchanged, in this order."""
    effect: Mapped[Effect | None] = mapped_column(AsJSON(Effect))
    """None where it was not worked out."""
    warnings: Mapped[list[str]] = mapped_column(default=list)
    """What may be wrong, in lines as `./portal feed check` says them, equal ones grouped: KEPT_WARNINGS at most. They
    say nothing of a client but references.
    """
    warning_count: Mapped[int] = mapped_column(default=0)
    """How many there were."""
    has_manifest: Mapped[bool] = mapped_column(default=False)
    """Whether a manifest came with it. Once one has, each feed must have one."""

    @property
    def changed(self) -> int:
        """Rows that were new or changed."""
        return sum(new + changed for _, new, changed, _ in self.counts.values())

    @property
    def rows_by_file(self) -> list[tuple[str, int, int, int, int]]:
        """Name, rows read, new, changed and unchanged of each file."""
        return [(name, *numbers) for name, numbers in self.counts.items()]

    @classmethod
    def newest_first(cls, *, only_warned: bool = False) -> Select["FeedImport"]:
        """Without the lines of their warnings, which are many. `only_warned`: those that have any."""
        found = select(cls).options(defer(cls.warnings, raiseload=True)).order_by(cls.id.desc())
        return found.where(cls.warning_count > 0) if only_warned else found

    @classmethod
    def newest(cls) -> Select["FeedImport"]:
        """The last one, without the lines of its warnings."""
        return _newest()

    @classmethod
    def numbered(cls, import_id: int) -> Select["FeedImport"]:
        return select(cls).where(cls.id == import_id)


@built_once
def _newest() -> Select[FeedImport]:
    return FeedImport.newest_first().limit(1)


class FromFeed:
    """A row that the finance system owns: the import that last changed it, and its line in that file."""

    @declared_attr
    def feed_import_id(cls) -> Mapped[int | None]:
        return mapped_column(sa.ForeignKey("feed_import.id"), index=True)

    feed_row: Mapped[int | None]

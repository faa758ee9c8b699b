"""Files of figures that a provider uploads, until they are applied or thrown away. The states: docs/upload-states.md.

Of a file is kept what stood in its cells, and what its sender has mended. Its faults are worked out anew from these by
each check. Once it is applied or discarded, only its counts, its hash and the rows that were left stay.
"""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.audit import Actor
from models.base import AsJSON, Base, Key, Pence, chunks, utc_now
from models.tenancy import ProviderOwned, owned
from models.words import Choice


class ImportKind(Choice):
    ACTUALS = "actuals"
    CARERS = "carers"
    VISITS = "visits"

    @property
    def label(self) -> str:
        return {"actuals": "Actuals", "carers": "Workers", "visits": "Visits"}[self.value]

    @property
    def sheet(self) -> str:
        """What its sheet in a workbook is called."""
        return self.value.capitalize()


class ImportState(Choice):
    COLUMNS = "columns"
    """Its sender has to say which column is which."""
    WAITING = "waiting"
    """The worker is to check it."""
    CHECKED = "checked"
    APPLIED = "applied"
    PART_APPLIED = "part_applied"
    """The rows that were right are applied. The others wait to be mended."""
    DISCARDED = "discarded"

    @property
    def label(self) -> str:
        return {
            "columns": "Columns to match", "waiting": "To be checked", "checked": "Checked", "applied": "Applied",
            "part_applied": "Applied in part", "discarded": "Discarded",
        }[self.value]  # fmt: skip

    @property
    def colour(self) -> str:
        return {"checked": "blue", "applied": "green", "part_applied": "yellow", "discarded": "grey"}.get(
            self.value, "orange"
        )


MOST_AT_ONCE = 1_000
"""Rows of a file that is checked, or applied, while its sender waits: well under a second."""
OPEN = (ImportState.COLUMNS, ImportState.WAITING, ImportState.CHECKED, ImportState.PART_APPLIED)


class KeptTable:
    """What stood in a file: the headings with the number of their row, and the rows below with theirs, as text.

    Rows are kept in parts, of which one is read at a time: most cells say what others say, and 100,000 rows that are
    read at once take three times the memory of rows that share what is the same.
    """

    AT_ONCE = 1_000

    def __init__(self, heading_row: int, headings: list[str], rows: list[tuple[int, list[str]]],
                 bad: dict[str, str]) -> None:  # fmt: skip
        self.heading_row, self.headings, self.rows, self.bad = heading_row, headings, rows, bad

    def as_dict(self) -> dict[str, Any]:
        parts = [json.dumps(some, ensure_ascii=False) for some in chunks(self.rows, self.AT_ONCE)]
        return {"heading_row": self.heading_row, "headings": self.headings, "parts": parts, "bad": self.bad}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "KeptTable":
        """Of files from before rows were kept in parts as well."""
        known: dict[str, str] = {}
        rows = row["rows"] if "rows" in row else (each for part in row["parts"] for each in json.loads(part))
        shared = [(number, [known.setdefault(cell, cell) for cell in cells]) for number, cells in rows]
        return cls(row["heading_row"], row["headings"], shared, row["bad"])


class RowFault:
    """What is wrong with one row, or worth a look: at the column with that name, or the row as a whole where it is
    empty. `suggestion`: what certainly would be right; None where nobody can know.
    """

    __slots__ = ("code", "column", "is_error", "suggestion", "text")

    def __init__(self, code: str, column: str, text: str, *, is_error: bool = True, suggestion: str | None = None):
        self.code, self.column, self.text, self.is_error, self.suggestion = code, column, text, is_error, suggestion

    def as_dict(self) -> dict[str, Any]:
        return {each: getattr(self, each) for each in self.__slots__}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "RowFault":
        return cls(row["code"], row["column"], row["text"], is_error=row["is_error"], suggestion=row["suggestion"])

    def __repr__(self) -> str:
        return f"RowFault({self.code} {self.column}: {self.text} -> {self.suggestion!r})"


class Alike:
    """The same value at fault in several cells of a column, and what it certainly means."""

    __slots__ = ("column", "count", "meant", "typed")

    def __init__(self, column: str, typed: str, meant: str, count: int) -> None:
        self.column, self.typed, self.meant, self.count = column, typed, meant, count

    def as_dict(self) -> dict[str, Any]:
        return {each: getattr(self, each) for each in self.__slots__}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Alike":
        return cls(row["column"], row["typed"], row["meant"], row["count"])


class ImportBatch(ProviderOwned, Base):
    """One uploaded file."""

    __tablename__ = "import_batch"
    __table_args__ = owned(
        sa.CheckConstraint("(applied_at IS NULL) = (applied_by_id IS NULL)", name="applied_by"),
        sa.CheckConstraint("(state IN ('applied', 'part_applied')) <= (applied_at IS NOT NULL)", name="applied"),
        sa.CheckConstraint("state NOT IN ('applied', 'discarded') OR content IS NULL", name="content"),
        sa.CheckConstraint("state NOT IN ('applied', 'discarded') OR decided IS NULL", name="decided"),
        sa.CheckConstraint("NOT (is_test AND applied_at IS NOT NULL)", name="test"),
        sa.Index("ix_import_batch_sha256", "provider_id", "kind", "sha256"),
    )

    id: Mapped[Key]
    kind: Mapped[ImportKind]
    file_name: Mapped[str]
    sha256: Mapped[str]
    uploaded_at: Mapped[datetime] = mapped_column(default=utc_now)
    uploaded_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    state: Mapped[ImportState] = mapped_column(index=True)
    is_test: Mapped[bool] = mapped_column(default=False)
    """It is checked, and can never be applied."""
    content: Mapped[KeptTable | None] = mapped_column(AsJSON(KeptTable), deferred=True)
    """None once it is applied whole, or discarded."""
    columns: Mapped[list[str]] = mapped_column(default=list)
    """Which of our columns each of the file's is; empty for one that is left out."""
    notes: Mapped[list[str]] = mapped_column(default=list)
    """How it was read, in words."""
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_new: Mapped[int] = mapped_column(default=0)
    rows_changed: Mapped[int] = mapped_column(default=0)
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)
    alike: Mapped[list[Alike]] = mapped_column(AsJSON(Alike, many=True), default=list)
    """What one press can mend, the most cells first."""
    people: Mapped[int] = mapped_column(default=0)
    """Clients among the rows that are right."""
    pence: Mapped[Pence | None]
    """What the rows that are right come to, with VAT; None where that is not known."""
    planned_pence: Mapped[Pence | None]
    """What the plan of the same people and weeks comes to."""
    checked_at: Mapped[datetime | None]
    outcome: Mapped[list[int] | None] = mapped_column(deferred=True)
    """Of the last check: a number for each row, which is another where the row would do something else."""
    checked_as: Mapped[str | None]
    """The same in short, and with the sum: what a page sends back with the press, so that no more is applied than it
    showed."""
    held_against: Mapped[dict[str, Any] | None]
    """Of actuals: all that the last check went by, and on which days its weeks begin (models/uploads/facts_mark.py)."""
    decided: Mapped[bytes | None] = mapped_column(deferred=True)
    """Of actuals: what the last check has decided to write (models/uploads/kept_check.py)."""
    applied_at: Mapped[datetime | None]
    """When rows of it were last applied."""
    applied_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    rows_applied: Mapped[int] = mapped_column(default=0)

    uploaded_by: Mapped[Actor] = relationship("User", lazy="raise", foreign_keys=[uploaded_by_id])

    @hybrid_property
    def is_open(self) -> bool:
        """There is something to be done with it."""
        return self.state in OPEN

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return cls.state.in_(OPEN)

    @property
    def is_long(self) -> bool:
        """The worker checks and applies it."""
        return self.rows_read > MOST_AT_ONCE

    @property
    def rows_good(self) -> int:
        """New and changed rows that can be applied."""
        return self.rows_new + self.rows_changed

    @property
    def less_pence(self) -> int:
        """By how much it pays less than the plan; below 0 where it pays more."""
        return (self.planned_pence or 0) - (self.pence or 0)

    @classmethod
    def newest_first(cls) -> Select["ImportBatch"]:
        return select(cls).options(joinedload(cls.uploaded_by)).order_by(cls.uploaded_at.desc(), cls.id.desc())

    @classmethod
    def numbered(cls, batch_id: int) -> Select["ImportBatch"]:
        return cls.newest_first().where(cls.id == batch_id)

    def earlier_same(self) -> Select["ImportBatch"]:
        """Uploads of the very same file before this one, newest first."""
        return ImportBatch.newest_first().where(
            ImportBatch.kind == self.kind, ImportBatch.sha256 == self.sha256, ImportBatch.id < self.id
        )


class ImportRow(ProviderOwned, Base):
    """A row of a file in which something is wrong, or worth a look, with what stands in it after all mends."""

    __tablename__ = "import_row"
    __table_args__ = owned(sa.UniqueConstraint("batch_id", "number"), batch_id="import_batch")

    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(index=True)
    number: Mapped[int]
    """As a spreadsheet numbers it."""
    cells: Mapped[list[str]]
    """By the columns of the batch."""
    faults: Mapped[list[RowFault]] = mapped_column(AsJSON(RowFault, many=True))
    is_rejected: Mapped[bool]
    """It cannot be applied as it is."""

    @classmethod
    def faulty(cls, batch: ImportBatch) -> Select["ImportRow"]:
        return select(cls).where(cls.batch_id == batch.id).order_by(cls.number, cls.id)

    @classmethod
    def of_number(cls, batch: ImportBatch, number: int) -> Select["ImportRow"]:
        return cls.faulty(batch).where(cls.number == number)

    @classmethod
    def of_batch(cls, batch: ImportBatch, *, is_rejected: bool = True) -> Select["ImportRow"]:
        return cls.faulty(batch).where(cls.is_rejected.is_(is_rejected))


class CellMend(ProviderOwned, Base):
    """What somebody has typed over one cell of an uploaded file."""

    __tablename__ = "cell_mend"
    __table_args__ = owned(sa.UniqueConstraint("batch_id", "number", "column"), batch_id="import_batch")

    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(index=True)
    number: Mapped[int]
    column: Mapped[str]
    meant: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))

    @classmethod
    def of_batch(cls, batch: ImportBatch) -> Select["CellMend"]:
        return select(cls).where(cls.batch_id == batch.id).order_by(cls.id)

    @classmethod
    def counted(cls, batch: ImportBatch) -> Select[str, str, int]:
        """Column, what was meant, and in how many cells; the most first."""
        count = sa.func.count(cls.id).label("count")
        own = select(cls.column, cls.meant, count).where(cls.batch_id == batch.id)
        return own.group_by(cls.column, cls.meant).order_by(count.desc(), cls.column, cls.meant)


class ValueMend(ProviderOwned, Base):
    """What a value means wherever it stands in a column of a provider's files: Hosp is HOSP. Kept for files to come."""

    __tablename__ = "value_mend"
    __table_args__ = owned(sa.UniqueConstraint("provider_id", "kind", "column", "typed"))

    id: Mapped[Key]
    kind: Mapped[ImportKind]
    column: Mapped[str]
    typed: Mapped[str]
    meant: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))

    @classmethod
    def of_kind(cls, kind: ImportKind) -> Select["ValueMend"]:
        return select(cls).where(cls.kind == kind).order_by(cls.column, cls.typed, cls.id)

    @classmethod
    def remembered(cls) -> Select["ValueMend"]:
        """Of every kind of file."""
        return select(cls).order_by(cls.kind, cls.column, cls.typed, cls.id)

    @classmethod
    def numbered(cls, mend_id: int) -> Select["ValueMend"]:
        return select(cls).where(cls.id == mend_id)


class ColumnMapping(ProviderOwned, Base):
    """Which of our columns a heading of a provider's own files means. Kept for files to come."""

    __tablename__ = "column_mapping"
    __table_args__ = owned(sa.UniqueConstraint("provider_id", "kind", "heading"))

    id: Mapped[Key]
    kind: Mapped[ImportKind]
    heading: Mapped[str]
    """Folded, without spaces."""
    column: Mapped[str]
    """Empty: it is left out."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))

    @classmethod
    def of_kind(cls, kind: ImportKind) -> Select["ColumnMapping"]:
        return select(cls).where(cls.kind == kind).order_by(cls.heading, cls.id)

    @classmethod
    def remembered(cls) -> Select["ColumnMapping"]:
        """Of every kind of file."""
        return select(cls).order_by(cls.kind, cls.heading, cls.id)

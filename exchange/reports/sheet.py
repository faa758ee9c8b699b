"""A report as a sheet: facts, tables to read, and the same lines as data. Pages, PDFs and files are drawn from it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar, overload

from exchange.downloads.tabular import Cell, Pence, Rate, written
from models.calendar import london_day
from models.money import gbp, gbp_rate

T = TypeVar("T")
LINES_A_PAGE = 28
"""About as many rows of a table as a page of PDF holds."""
LONG = 8 * LINES_A_PAGE
"""A report with more rows than this is drawn by the worker."""


class RowKind(StrEnum):
    LINE = "line"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


class Later(Sequence[T]):
    """What is made when somebody reads it: a page shows some rows of a report, and none of its files."""

    def __init__(self, make: Callable[[], Sequence[T]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Sequence[T]:
        return self._make()

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: Any) -> Any:
        return self._made[at]

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[T]:
        return iter(self._made)

    def __repr__(self) -> str:
        return repr(self._made)


@dataclass(frozen=True)
class Column:
    label: str
    width: int
    """Of a landscape page, in millimetres; all of a table come to 257."""
    is_numeric: bool = False


@dataclass(frozen=True)
class Row:
    """Cells in the order of the columns; the first is the row's heading."""

    cells: Sequence[Cell]
    kind: RowKind = RowKind.LINE

    @property
    def is_line(self) -> bool:
        return self.kind is RowKind.LINE


@dataclass(frozen=True)
class Table:
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    """A sentence above it."""


@dataclass(frozen=True)
class Sheet:
    """`data` is one flat table, headings first, of lines only: a column's sum is the total."""

    title: str
    name: str
    """Of its files, without an ending; it says nothing of a client."""
    made_on: date
    """The day that a PDF of it names as its own, so that the same sheet gives the same bytes."""
    foot: str
    facts: Sequence[tuple[str, Cell]] = ()
    tables: Sequence[Table] = ()
    data: Sequence[Sequence[Cell]] = ()
    notes: Sequence[str] = field(default=())

    @property
    def rows(self) -> int:
        return sum(len(table.rows) for table in self.tables)

    def part(self, offset: int, limit: int) -> "Sheet":
        """The same with so many rows of its tables only, from the one that `offset` others stand before."""
        tables, before = [], 0
        for table in self.tables:
            rows = table.rows[max(offset - before, 0) : max(offset + limit - before, 0)]
            before += len(table.rows)
            if rows:
                tables.append(replace(table, rows=rows))
        return replace(self, tables=tables)

    @property
    def is_long(self) -> bool:
        return self.rows > LONG

    @property
    def key(self) -> str:
        """SHA-256 over all that it says."""
        parts = [self.title, self.foot, str(self.made_on), repr(self.facts), repr(self.notes), repr(self.tables)]
        return sha256("\n".join(parts).encode()).hexdigest()


def shown(cell: Cell) -> str:
    """A cell as people read it, on pages and in PDFs."""
    match cell:
        case Pence(amount):
            return gbp(amount)
        case Rate(e4):
            return gbp_rate(e4)
        case date():
            return f"{london_day(cell):%d/%m/%Y}"
        case int():
            return f"{cell:,}"
    return cell or ""


def told(sheet: Sheet) -> str:
    """All of its data as text: what a packed file shows, for the note of who has seen it."""
    return "\n".join(" ".join(written(cell) for cell in row) for row in sheet.data)


def sums(rows: Sequence[Row], columns: Sequence[Column], label: str, kind: RowKind) -> Row:
    """A row below these lines: every column of money added up."""
    cells: list[Cell] = [label]
    for at, _ in list(enumerate(columns))[1:]:
        found = [row.cells[at] for row in rows if row.is_line]
        pence = [cell.amount for cell in found if isinstance(cell, Pence)]
        cells.append(Pence(sum(pence)) if pence and len(pence) == len(found) else None)
    return Row(cells, kind)

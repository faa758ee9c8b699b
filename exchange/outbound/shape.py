"""The words in which the files of an export are described, and how their cells are written."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Select

from models.calendar import london_day
from models.money import SCALE, plain

Cells = Sequence[Any]


@dataclass(frozen=True)
class Written:
    """A kind of cell: `words` say in the documentation what stands in it."""

    words: str
    write: Callable[[Any], str]
    is_money: bool = False


def _line(value: Any) -> str:
    return " | ".join(part for part in (each.strip() for each in str(value).splitlines()) if part)


def _e4(value: int) -> str:
    whole, part = divmod(abs(value), SCALE)
    digits = f"{part:04}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' + digits if digits else ''}"


def _day(value: date) -> str:
    return (london_day(value) if isinstance(value, datetime) else value).isoformat()


REFERENCE = Written("a reference", str)
TEXT = Written("text; ` | ` stands for a line break", _line)
WORD = Written("a word", str)
DAY = Written("a date: 2020-03-31", _day)
NUMBER = Written("a whole number", str)
MONEY = Written("pounds and pence: 1234.50, -20.02", plain, is_money=True)
QUANTITY = Written("a number, with up to four decimals", _e4)
YES_NO = Written("`yes` or `no`", lambda value: "yes" if value else "no")
YEAR = Written("a financial year: 2019/2020", lambda value: f"{value}/{value + 1}")


class Out(NamedTuple):
    """A column. An empty cell says that there is nothing."""

    name: str
    kind: Written
    note: str = ""


Rows = Callable[[Any], Iterable[Cells]]


@dataclass(frozen=True)
class OutFile:
    """One file of an export: its rows are those of the records of one kind."""

    name: str
    columns: tuple[Out, ...]
    says: str
    queries: tuple[Callable[[], Select], ...]
    """Each gives rows whose first column is the record's id, as `OutKind.pending` has it."""
    rows: Rows = lambda found: (found[1:],)
    """From what a query has found to the cells of its rows, which are one unless this says otherwise."""

    def written(self, found: Iterable[Any]) -> list[list[str]]:
        """The rows as text, in the order of the bytes of their cells, which is the same on every database."""
        cells = (
            [
                column.kind.write(cell) if cell is not None else ""
                for column, cell in zip(self.columns, row, strict=True)
            ]
            for each in found
            for row in self.rows(each)
        )
        return sorted(cells, key=lambda row: [cell.encode() for cell in row])

    def content(self, rows: Iterable[Sequence[str]]) -> bytes:
        """The file: UTF-8, a line feed after each row, the names of the columns first."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows(rows)
        return buffer.getvalue().encode()


@dataclass(frozen=True)
class OutKind:
    """A kind of record that is told. Its files are told together, and taken or refused together."""

    name: str
    """What Exported calls it. It never changes."""
    marks: Callable[[], Select]
    """Columns `record_id`, `version` and `reference` of every record that is to be told: see Exported."""
    files: tuple[OutFile, ...]


def text_of(*parts: Any) -> sa.ColumnElement[str]:
    """What these say one after another, as text; NULL is nothing. A day is 2020-03-31."""
    found: sa.ColumnElement[str] = sa.literal("")
    for part in parts:
        is_text = isinstance(part, str)
        found = found + (sa.literal(part) if is_text else sa.func.coalesce(sa.cast(part, sa.Text), ""))
    return found

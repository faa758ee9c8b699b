"""Tables as CSV files that open well in a spreadsheet, and do nothing there.

Cells of text that a spreadsheet would take for a formula get an apostrophe in front; money and counts are
written as plain numbers and never get one, so that a negative amount stays a number.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models.calendar import LONDON, london_day
from models.money import gbp_rate, plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Pence:
    """A cell of money."""

    amount: int


@dataclass(frozen=True)
class Rate:
    """A cell with a unit's price, in ten-thousandths of a pound, or with a quantity, in ten-thousandths of a unit."""

    e4: int


Cell = str | int | date | Pence | Rate | None


def csv_text(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The file in pieces, one a row, beginning with the mark by which a spreadsheet knows UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"
    for row in rows:
        writer.writerow([written(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Pence(amount):
            return plain(amount)
        case Rate(e4):
            return gbp_rate(e4).replace("£", "").replace(",", "").replace("−", "-")
        case datetime():
            return f"{cell.astimezone(LONDON):%d/%m/%Y %H:%M}"
        case date():
            return f"{london_day(cell):%d/%m/%Y}"
        case int():
            return str(cell)
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell

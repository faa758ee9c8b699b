"""Tables as XLSX files, from the same cells as CSV files: text stays text (00741254 keeps its noughts, and nothing is a
formula or a link), money is a number with two decimals, a day is a day.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from exchange.downloads.tabular import Cell, Pence, Rate, written
from models.calendar import LONDON

MOST_ROWS = 1_048_576
"""As many as a sheet holds, headings included. What is more goes on in another sheet."""
NARROWEST, WIDEST = 8, 60
"""How many characters a column shows at least and at most."""


def write_workbook(rows: Iterable[Sequence[Cell]], file: IO[bytes], *, most_rows: int = MOST_ROWS) -> None:
    """Write the headings, which are the first row, and the rows into `file`, a row at a time: memory does not grow."""
    with Workbook(file, {"constant_memory": True}) as book:
        formats = Formats(book)
        each = iter(rows)
        headings = next(each, ())
        sheet = Sheet(book, formats, headings)
        for row in each:
            if sheet.rows == most_rows:
                sheet.close()
                sheet = Sheet(book, formats, headings)
            sheet.add(row)
        sheet.close()


class Formats:
    def __init__(self, book: Workbook) -> None:
        self.heading: Format = book.add_format({"bold": True, "bottom": 1})
        self.money: Format = book.add_format({"num_format": "#,##0.00"})
        self.rate: Format = book.add_format({"num_format": "#,##0.00##"})
        self.day: Format = book.add_format({"num_format": "dd/mm/yyyy"})
        self.moment: Format = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})


class Sheet:
    """One sheet: the row of headings stays where it is while one scrolls, and every column has a filter."""

    def __init__(self, book: Workbook, formats: Formats, headings: Sequence[Cell]) -> None:
        self._sheet: Worksheet = book.add_worksheet()
        self._formats = formats
        self._widths = [max(NARROWEST, len(written(each)) + 3) for each in headings]
        self.rows = 1
        for column, heading in enumerate(headings):
            self._sheet.write_string(0, column, written(heading), formats.heading)
        self._sheet.freeze_panes(1, 0)

    def add(self, row: Sequence[Cell]) -> None:
        for column, cell in enumerate(row):
            self._write(column, cell)
            self._widths[column] = min(WIDEST, max(self._widths[column], len(written(cell)) + 1))
        self.rows += 1

    def close(self) -> None:
        if self._widths:
            self._sheet.autofilter(0, 0, self.rows - 1, len(self._widths) - 1)
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width)

    def _write(self, column: int, cell: Cell) -> None:
        match cell:
            case None | "":
                return
            case Pence(amount):
                # a Decimal is written digit by digit, a float with its faults: -735.9299999999999
                pounds: Any = Decimal(amount).scaleb(-2)  # which the types of XlsxWriter leave out
                self._sheet.write_number(self.rows, column, pounds, self._formats.money)
            case Rate(e4):
                rate: Any = Decimal(e4).scaleb(-4)
                self._sheet.write_number(self.rows, column, rate, self._formats.rate)
            case datetime():
                in_london = cell.astimezone(LONDON).replace(tzinfo=None)
                self._sheet.write_datetime(self.rows, column, in_london, self._formats.moment)
            case date():
                midnight = datetime.combine(cell, time())
                self._sheet.write_datetime(self.rows, column, midnight, self._formats.day)
            case int():
                self._sheet.write_number(self.rows, column, cell)
            case _:
                self._sheet.write_string(self.rows, column, cell)

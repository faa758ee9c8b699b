"""The file that somebody uploaded, given back with its faults marked: two columns more say the code and what is wrong.
In a workbook the cells at fault are coloured.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

from xlsxwriter import Workbook

from exchange.downloads.tabular import Cell
from models.records.import_batch import ImportRow, RowFault

MARKS = ("ErrorCode", "Message")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,9})(?:\.\d{1,4})?")


def marked_rows(
    headings: Sequence[str], rows: Iterable[tuple[int, list[str]]], faults: Mapping[int, ImportRow]
) -> Iterator[tuple[Cell, ...]]:
    """Headings, then every row with what is wrong with it."""
    yield (*headings, *MARKS)
    for number, cells in rows:
        found = faults[number].faults if number in faults else []
        padded = [*cells, *[""] * (len(headings) - len(cells))][: len(headings)]
        yield (*padded, ", ".join(dict.fromkeys(each.code for each in found)), "; ".join(each.text for each in found))


def write_marked(
    headings: Sequence[str], columns: Sequence[str], rows: Iterable[tuple[int, list[str]]],
    faults: Mapping[int, ImportRow], file: IO[bytes], *, sheet: str,
) -> None:  # fmt: skip
    """The same as a workbook. `columns`: which of ours each heading is."""
    with Workbook(file, {"constant_memory": True}) as book:
        page = book.add_worksheet(sheet)
        bold, red = book.add_format({"bold": True, "bottom": 1}), book.add_format({"bg_color": "#F6D7D2"})
        yellow = book.add_format({"bg_color": "#FFF7BF"})
        page.freeze_panes(1, 0)
        page.set_column(len(headings), len(headings) + 1, 14)
        page.set_column(len(headings) + 1, len(headings) + 1, 70)
        known = list(rows)
        for at, row in enumerate(marked_rows(headings, known, faults)):
            found = faults.get(known[at - 1][0]) if at else None
            colours = _colours(found.faults if found else (), columns)
            for place, cell in enumerate(row):
                colour = bold if at == 0 else None
                if place in colours:
                    colour = red if colours[place] else yellow
                _write(page, at, place, str(cell), colour)


def _colours(faults: Iterable[RowFault], columns: Sequence[str]) -> dict[int, bool]:
    """Places at fault, and whether it is an error."""
    found: dict[int, bool] = {}
    for each in faults:
        if each.column in columns:
            place = columns.index(each.column)
            found[place] = found.get(place, False) or each.is_error
    return found


def _write(page: Any, row: int, place: int, text: str, colour: Any) -> None:
    if _NUMBER.fullmatch(text) and row:
        page.write_number(row, place, Decimal(text), colour)
    elif text:
        page.write_string(row, place, text, colour)
    elif colour is not None:
        page.write_blank(row, place, None, colour)

"""From the cells of one row to its values: every cell that cannot be read is a fault, and one mistake is one fault."""

from collections.abc import Callable
from typing import Any

from exchange.feed.decoding import is_text
from exchange.feed.headers import is_header, is_quoted_whole
from exchange.feed.letters import tidied
from exchange.feed.shape import Column
from exchange.feed.sheets import Row, Sheet

MAX_CHARACTERS = 10_000
_TOTALS = ("total", "grand total", "sub total", "subtotal", "sum", "count", "rows", "end of file", "eof")
_NONE_HERE = "Enter a value; this must not be empty"
_OFTEN = 2_000
"""So many different cells of a column are read once, however often they stand in the file: a kind, a day, a unit."""
_UNREAD = object()


class Taker:
    """Takes the rows of one file. `sheets` are those read before it: all that its columns refer to."""

    def __init__(self, sheet: Sheet, sheets: dict[str, Sheet]) -> None:
        self.sheet, self.sheets, self.columns = sheet, sheets, sheet.columns
        self.parts = {column.attribute for column in self.columns if column.part is not None}
        self._last = 0
        names = [column.attribute for column in self.columns]
        is_plain = not self.parts and set(sheet.file.key) <= set(names)
        self._key = [names.index(name) for name in sheet.file.key] if is_plain else []
        """Where the parts of the key stand in a row; empty where rows are not read plainly."""
        self._readers = [self._reader(column) for column in self.columns]

    def take(self, number: int, cells: list[str]) -> None:
        self.sheet.count += 1
        self.sheet.cells.add(number, cells)
        self._last = number
        if not self._take_plainly(number, cells):
            self._take_with_care(number, cells)

    def _take_plainly(self, number: int, cells: list[str]) -> bool:
        """Take a row in which all is well. False: it is taken with care, which finds out what is not."""
        if not self._key or len(cells) != len(self._readers):
            return False
        if cells[0].strip().lower() in self.sheet.file.column_names:
            return False
        try:
            values = [read(cell) for read, cell in zip(self._readers, cells, strict=True)]
        except ValueError:
            return False
        key: Any = values[self._key[0]] if len(self._key) == 1 else tuple([values[at] for at in self._key])
        if key is None or len(self._key) > 1 and None in key or key in self.sheet.table.positions:
            return False
        self.sheet.file_row(key, number, values)
        return True

    def _reader(self, column: Column) -> Callable[[str], Any]:
        """Reads a cell of the column, or raises ValueError. What refers to a record shares the text of its key."""
        often: dict[str, Any] = {}
        target = self.sheets.get(column.kind.target)
        is_known = target is not None and target.file.key == ("reference",) and "reference" in target.table.names
        known = target.table.positions if target is not None and is_known else {}
        keys = target.table.column("reference") if target is not None and is_known else []

        def read(cell: str) -> Any:
            value = often.get(cell, _UNREAD)
            if value is not _UNREAD:
                return value
            if (position := known.get(cell)) is not None:
                return keys[position]
            value = self._value(cell, tidied(cell), column)
            if len(often) < _OFTEN:
                often[cell] = value
            return value

        return read

    def _take_with_care(self, number: int, cells: list[str]) -> None:
        row = Row(number, self.sheet)
        if reason := self._why_no_record(cells):
            self._refuse(row, reason)
            return
        before = len(self.sheet.faults)
        for column, cell in zip(self.columns, cells, strict=True):
            self._take_cell(row, column, cell)
        for attribute in self.parts - row.wrong:
            self._gather(row, attribute)
        if row.is_rejected and _is_total(cells):
            del self.sheet.faults[before:]
            self._refuse(row, "This is a row of totals, or a note. Remove it")
            return
        self._file(row)

    def untake(self, number: int, reason: str) -> None:
        """Say `reason` of the last row, or of the header at `number` if there is none, and nothing else."""
        sheet = self.sheet
        if not sheet.count:
            sheet.whole_file(reason, number)
            return
        row = next(each for each in sheet.rows() if each.number == self._last)
        sheet.faults = [fault for fault in sheet.faults if fault.row != row.number]
        sheet.unfile_last(row.number)
        self._refuse(row, reason)

    def _why_no_record(self, cells: list[str]) -> str:
        expected = len(self.columns)
        if cells[0].strip().lower() in self.sheet.file.column_names and is_header(cells, self.sheet.file):
            return "The names of the columns stand here again. Remove this row"
        if is_quoted_whole(cells, expected):
            return "This row stands in quotation marks as a whole. Put them around single values only"
        if len(cells) == expected:
            return ""
        if _is_total(cells):
            return "This is a row of totals, or a note. Remove it"
        count = f"It has {len(cells)} cell{'s' * (len(cells) > 1)}, and the header {expected}"
        more = len(cells) - expected
        if more > 0:
            many = "one cell" if more == 1 else f"{more} cells"
            return f"{count}: {many} too many. Is there a comma in a value that has no quotation marks?"
        return f"{count}. Is it a note? Then remove it" if len(cells) == 1 else count

    def _refuse(self, row: Row, reason: str) -> None:
        """One fault for the row as a whole. Of its values only the key is kept, so that it may be referred to."""
        sheet, silent = self.sheet, Taker(Sheet(self.sheet.file), self.sheets)
        for column, cell in zip(self.columns, sheet.cells.of(row.number), strict=False):
            if column.attribute in sheet.file.key:
                silent._take_cell(row, column, cell)
        if (key := sheet.file.key_of(row.values)) is None:
            sheet.lost += 1
        sheet.half_known.add(key)
        row.values.clear()
        sheet.fault(row, "", reason)

    def _take_cell(self, row: Row, column: Column, cell: str) -> None:
        raw = tidied(cell)
        try:
            value = self._value(cell, raw, column)
        except ValueError as problem:
            self._spoil(row, column, cell, raw, str(problem))
            return
        if column.part is None:
            row.values[column.attribute] = value
        elif column.attribute not in row.wrong:
            row.values.setdefault(column.attribute, {})[column.part] = value

    def _value(self, cell: str, raw: str, column: Column) -> object:
        if not is_text(cell):
            raise ValueError("This is not UTF-8 text. Save the file as comma-separated values, UTF-8")
        if len(cell) > MAX_CHARACTERS:
            raise ValueError(f"It has {len(cell):,} characters. Is a quotation mark missing?")
        is_needed = not (column.optional or column.may_be_empty)
        value = column.kind.parse(raw, is_needed) if raw else ""
        if value != "":
            return value
        if is_needed:
            raise ValueError(_NONE_HERE)
        return column.default

    def _spoil(self, row: Row, column: Column, cell: str, raw: str, reason: str) -> None:
        target = self.sheets.get(column.kind.target) if column.kind.target else None
        if target and raw and raw in target.lost_cells:  # the fault is told where the record itself has this reference
            self.sheet.reject(row, column.name)
        else:
            self.sheet.fault(row, column.name, reason)
        row.wrong |= {column.attribute}
        row.values.pop(column.attribute, None)

    def _gather(self, row: Row, attribute: str) -> None:
        """Make a list of what several columns hold: all of them are filled in, or none."""
        parts = row.values[attribute]
        if all(value is None for value in parts.values()):
            row.values[attribute] = None
            return
        named = [column for column in self.sheet.file.columns if column.attribute == attribute]
        missing = [column.name for column in named if parts.get(column.part) is None]
        if missing:
            self.sheet.fault(row, missing[0], "Fill in all seven days, with 0 for none, or leave all seven empty")
            row.wrong |= {attribute}
            del row.values[attribute]
        else:
            row.values[attribute] = [parts[column.part] for column in named]

    def _file(self, row: Row) -> None:
        """Find the row by its key from now on, unless another row has it."""
        sheet, file = self.sheet, self.sheet.file
        key = file.key_of(row.values)
        if key is None:
            sheet.marked[row.number] = row
            sheet.lost += 1
            if len(file.key) == 1:
                sheet.lost_cells.add(tidied(row.cells.get(file.key_column, "")))
            return
        if key in sheet.by_key:
            sheet.marked[row.number] = row
            names = " and ".join(file.attributes[name].name for name in file.key)
            sheet.fault(row, file.key_column, f"Row {sheet.by_key[key].number} has the same {names} already")
            sheet.lost += 1
            return
        sheet.file_row(key, row.number, [row.values.get(name) for name in sheet.table.names])


def _is_total(cells: list[str]) -> bool:
    """Whether a row that is no record begins as a row of sums does: Total, Grand total: 12, "-- 500 rows --"."""
    first = next((cell for cell in cells if cell.strip()), "").strip(" \t-=*#:()").lower()
    return any(first == word or first.startswith((f"{word} ", f"{word}:")) for word in _TOTALS)

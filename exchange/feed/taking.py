"""From the cells of one row to its values: every cell that cannot be read is a fault, and one mistake is one fault."""

from exchange.feed.decoding import is_text
from exchange.feed.headers import is_header, is_quoted_whole
from exchange.feed.letters import tidied
from exchange.feed.shape import Column
from exchange.feed.sheets import Row, Sheet

MAX_CHARACTERS = 10_000
_TOTALS = ("total", "grand total", "sub total", "subtotal", "sum", "count", "rows", "end of file", "eof")
_NONE_HERE = "Enter a value; this must not be empty"


class Taker:
    """Takes the rows of one file. `sheets` are those read before it: all that its columns refer to."""

    def __init__(self, sheet: Sheet, sheets: dict[str, Sheet]) -> None:
        self.sheet, self.sheets, self.columns = sheet, sheets, sheet.columns
        self.names = [column.name for column in self.columns]
        self.parts = {column.attribute for column in self.columns if column.part is not None}

    def take(self, number: int, cells: list[str]) -> None:
        row = Row(number, dict(zip(self.names, cells, strict=False)))
        self.sheet.rows.append(row)
        if reason := self._why_no_record(cells):
            self._refuse(row, reason)
            return
        before = len(self.sheet.faults)
        for column in self.columns:
            self._take_cell(row, column)
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
        if not sheet.rows:
            sheet.whole_file(reason, number)
            return
        row = sheet.rows[-1]
        sheet.faults = [fault for fault in sheet.faults if fault.row != row.number]
        key = sheet.file.key_of(row.values)
        if sheet.by_key.get(key) is row:
            del sheet.by_key[key]
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
        for column in self.columns:
            if column.attribute in sheet.file.key:
                silent._take_cell(row, column)
        if (key := sheet.file.key_of(row.values)) is None:
            sheet.lost += 1
        sheet.half_known.add(key)
        row.values.clear()
        sheet.fault(row, "", reason)

    def _take_cell(self, row: Row, column: Column) -> None:
        cell = row.cells.get(column.name, "")
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
        row.wrong.add(column.attribute)
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
            row.wrong.add(attribute)
            del row.values[attribute]
        else:
            row.values[attribute] = [parts[column.part] for column in named]

    def _file(self, row: Row) -> None:
        """Find the row by its key from now on, unless another row has it."""
        sheet, file = self.sheet, self.sheet.file
        key = file.key_of(row.values)
        if key is None:
            sheet.lost += 1
            if len(file.key) == 1:
                sheet.lost_cells.add(tidied(row.cells.get(file.key_column, "")))
            return
        if key in sheet.by_key:
            names = " and ".join(file.attributes[name].name for name in file.key)
            sheet.fault(row, file.key_column, f"Row {sheet.by_key[key].number} has the same {names} already")
            sheet.lost += 1
            return
        sheet.by_key[key] = row


def _is_total(cells: list[str]) -> bool:
    """Whether a row that is no record begins as a row of sums does: Total, Grand total: 12, "-- 500 rows --"."""
    first = next((cell for cell in cells if cell.strip()), "").strip(" \t-=*#:()").lower()
    return any(first == word or first.startswith((f"{word} ", f"{word}:")) for word in _TOTALS)

"""From a directory of CSV files to parsed rows, and the faults that one file by itself can have."""

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path

from exchange.feed.decoding import content_of, decoded_of, files_in, is_text, records_of
from exchange.feed.faults import Fault
from exchange.feed.schema import FILES
from exchange.feed.shape import Column
from exchange.feed.sheets import Row, Sheet, Track, plainly

MAX_ROWS = 200_000
MAX_COLUMNS = 50
MAX_CHARACTERS = 10_000


@dataclass
class Directory:
    """All that was read, and the hash of it."""

    name: str
    sheets: dict[str, Sheet]
    faults: list[Fault]
    sha256: str


def read(path: Path, track: Track = plainly) -> Directory:
    """Parse every file of a feed in `path`."""
    faults: list[Fault] = []
    found = files_in(path, faults)
    digest = hashlib.sha256()
    sheets = {}
    for file in track([file for file in FILES if file.name in found], "Reading"):
        sheet = sheets[file.name] = Sheet(file)
        content = content_of(found[file.name], sheet)
        if content is not None:
            digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
            _parse(content, sheet)
        faults.extend(sheet.faults)
        sheet.faults.clear()
    return Directory(path.resolve().name, sheets, faults, digest.hexdigest())


def _parse(content: bytes, sheet: Sheet) -> None:
    text = decoded_of(content, sheet)
    if text is None:
        return
    records = records_of(text, sheet)
    header = next(records, None)
    if header is None:
        if sheet.is_readable:
            sheet.whole_file("It is empty. Its first row must be the names of the columns")
        return
    columns = _columns(header[1], header[0], sheet)
    if columns is None:
        return
    for number, cells in records:
        if len(sheet.rows) == MAX_ROWS:
            sheet.whole_file(f"It has more than {MAX_ROWS:,} rows. Split the feed and import its parts", number)
            return
        _take(Row(number, dict(zip((c.name for c in columns), cells, strict=False))), cells, columns, sheet)


def _columns(names: list[str], number: int, sheet: Sheet) -> list[Column] | None:
    """The columns in the order of the header; None, with faults, where they are not what they must be."""
    known = sheet.file.column_names
    names = [name.strip() for name in names]
    if len(names) == 1 and any(sign in names[0] for sign in ";\t|"):
        sheet.whole_file("The columns are not separated by commas. Save it as comma-separated values", number)
        return None
    if len(names) > MAX_COLUMNS:
        sheet.whole_file(f"It has {len(names)} columns, and may have at most {MAX_COLUMNS}", number)
        return None
    for at, name in enumerate(names):
        if name not in known:
            close = difflib.get_close_matches(name.lower().replace(" ", "_"), known, 1)
            hint = f"Is it {close[0]}?" if close else f"There are {', '.join(known)}"
            sheet.whole_file(f"There is no such column in this file. {hint}", number, name or f"column {at + 1}")
        elif name in names[:at]:
            sheet.whole_file("There are two columns of this name", number, name)
    for column in known.values():
        if not column.optional and column.name not in names:
            sheet.whole_file("This column is missing", number, column.name)
    return [known[name] for name in names] if sheet.is_readable else None


def _take(row: Row, cells: list[str], columns: list[Column], sheet: Sheet) -> None:
    sheet.rows.append(row)
    if any(cell.strip() for cell in cells[len(columns) :]) or len(cells) < len(columns):
        more = "Is there a comma in a value that has no quotation marks?" if len(cells) > len(columns) else ""
        sheet.fault(row, "", f"It has {len(cells)} cells, and the header {len(columns)}. {more}".strip())
        for column in columns:
            if column.attribute in sheet.file.key:
                _take_cell(row, column, Sheet(sheet.file))
        sheet.half_known.add(sheet.file.key_of(row.values))
        row.values.clear()
        return
    for column in columns:
        _take_cell(row, column, sheet)
    _gather_parts(row, columns, sheet)
    key = sheet.file.key_of(row.values)
    if key is None:
        return
    if key in sheet.by_key:
        names = " and ".join(sheet.file.attributes[name].name for name in sheet.file.key)
        sheet.fault(row, sheet.file.key_column, f"Row {sheet.by_key[key].number} has the same {names} already")
        return
    sheet.by_key[key] = row


def _take_cell(row: Row, column: Column, sheet: Sheet) -> None:
    cell = row.cells.get(column.name, "")
    raw = cell.strip()
    try:
        if not is_text(cell):
            raise ValueError("This is not UTF-8 text. Save the file as comma-separated values, UTF-8")
        if len(cell) > MAX_CHARACTERS:
            raise ValueError(f"It has {len(cell):,} characters. Is a quotation mark missing?")
        if raw:
            value = column.kind.parse(raw)
        elif column.optional:
            value = column.default
        else:
            raise ValueError("Enter a value; this must not be empty")
    except ValueError as problem:
        sheet.fault(row, column.name, str(problem))
        row.wrong.add(column.attribute)
        row.values.pop(column.attribute, None)
        return
    if column.part is None:
        row.values[column.attribute] = value
    elif column.attribute not in row.wrong:
        row.values.setdefault(column.attribute, {})[column.part] = value


def _gather_parts(row: Row, columns: list[Column], sheet: Sheet) -> None:
    """Make a list of what several columns hold: all of them are filled in, or none."""
    for attribute in {column.attribute for column in columns if column.part is not None} - row.wrong:
        parts = row.values[attribute]
        if all(value is None for value in parts.values()):
            row.values[attribute] = None
            continue
        named = [column for column in sheet.file.columns if column.attribute == attribute]
        missing = [column.name for column in named if parts.get(column.part) is None]
        if missing:
            sheet.fault(row, missing[0], "Fill in all seven days, with 0 for none, or leave all seven empty")
            row.wrong.add(attribute)
            del row.values[attribute]
        else:
            row.values[attribute] = [parts[column.part] for column in named]

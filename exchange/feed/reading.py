"""From a directory of CSV files to parsed rows, and the faults that one file by itself can have."""

import csv
import difflib
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exchange.feed.faults import Fault
from exchange.feed.schema import BY_NAME, FILES
from exchange.feed.shape import Column, File, Key

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 50
MAX_CHARACTERS = 10_000

Track = Callable[[Iterable[Any], str], Iterable[Any]]
"""Goes through things while it shows how far it has got with what."""


def plainly(things: Iterable[Any], _what: str) -> Iterable[Any]:
    """A Track that shows nothing."""
    return things


@dataclass(slots=True)
class Row:
    """One row of a file. `values` are by the entity's attribute, references still as the file has them."""

    number: int
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    """Attributes whose cells have a fault."""
    is_rejected: bool = False


@dataclass
class Sheet:
    """One file as it was read."""

    file: File
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    is_readable: bool = True
    """False: its rows are not known, so that nobody can say which references are wrong."""
    by_key: dict[Key, Row] = field(default_factory=dict)
    half_known: set[Key] = field(default_factory=set)
    """Keys of rows that could not be parsed as a whole."""

    def fault(self, row: Row | None, column: str, reason: str) -> None:
        value = row.cells.get(column, "") if row else ""
        self.faults.append(Fault(self.file.name, row.number if row else 0, column, value, reason))
        if row:
            row.is_rejected = True

    def whole_file(self, reason: str, row: int = 0, column: str = "", value: str = "") -> None:
        self.is_readable = False
        self.faults.append(Fault(self.file.name, row, column, value, reason))


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
    found = _files(path, faults)
    digest = hashlib.sha256()
    sheets = {}
    for file in track([file for file in FILES if file.name in found], "Reading"):
        sheet = sheets[file.name] = Sheet(file)
        content = _content(found[file.name], sheet)
        if content is not None:
            digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
            _parse(content, sheet)
        faults.extend(sheet.faults)
        sheet.faults.clear()
    return Directory(path.resolve().name, sheets, faults, digest.hexdigest())


def _files(path: Path, faults: list[Fault]) -> dict[str, Path]:
    try:
        entries = sorted(path.iterdir())
    except OSError as problem:
        faults.append(Fault("", 0, "", str(path), f"It cannot be read: {problem.strerror}"))
        return {}
    found = {entry.name: entry for entry in entries if entry.name in BY_NAME}
    for entry in entries:
        if entry.name not in found and (reason := _why_unknown(entry)):
            faults.append(Fault(entry.name, 0, "", "", reason))
    if not found and not faults:
        faults.append(Fault("", 0, "", str(path), "There is no file of a feed in it, like contracts.csv"))
    return found


def _why_unknown(entry: Path) -> str:
    """Why a name that is none of a feed's is a fault; empty where it is another thing altogether."""
    stem, _, ending = entry.name.lower().partition(".")
    if ending == "csv":
        close = difflib.get_close_matches(entry.name.lower(), BY_NAME, 1)
        return "A feed has no such file" + (f". Is it {close[0]}?" if close else f". There are {', '.join(BY_NAME)}")
    if f"{stem}.csv" in BY_NAME and ending in ("xlsx", "xls", "ods", "txt", "tsv", "csv.txt", "csv.gz", "zip"):
        return f"Save it as {stem}.csv: comma-separated values, UTF-8"
    return ""


def _content(path: Path, sheet: Sheet) -> bytes | None:
    try:
        if not path.is_file():
            sheet.whole_file("This is not a file")
            return None
        if path.stat().st_size > MAX_BYTES:
            sheet.whole_file(f"It has more than {MAX_BYTES // 1024 // 1024} MB. Split the feed and import its parts")
            return None
        return path.read_bytes()
    except OSError as problem:
        sheet.whole_file(f"It cannot be read: {problem.strerror}")
        return None


def _parse(content: bytes, sheet: Sheet) -> None:
    text = _decoded(content, sheet)
    if text is None:
        return
    records = _records(text, sheet)
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


def _decoded(content: bytes, sheet: Sheet) -> str | None:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        sheet.whole_file("This is a spreadsheet under another name. Save it as comma-separated values, UTF-8")
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        sheet.whole_file("It is saved as UTF-16. Save it as comma-separated values, UTF-8", 1)
        return None
    if (at := content.find(b"\0")) >= 0:
        sheet.whole_file("It has a NUL character. Save it again as comma-separated values, UTF-8", _line(content, at))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        wrong = content[problem.start : problem.start + 1]
        reason = f"The byte {wrong.hex()} is not UTF-8. Save the file as comma-separated values, UTF-8"
        sheet.whole_file(reason, _line(content, problem.start))
        return None


def _line(content: bytes, at: int) -> int:
    before = content[:at].replace(b"\r\n", b"\n")
    return before.count(b"\n") + before.count(b"\r") + 1


def _records(text: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their numbers."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            sheet.whole_file("From here on it cannot be read: a quotation mark is missing, or one too many", number)
            return
        if any(cell.strip() for cell in cells):
            yield number, cells


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

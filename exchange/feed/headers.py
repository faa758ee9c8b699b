"""The first row of a file: which columns it has, or what it is instead, in one sentence."""

import csv
import difflib
from collections.abc import Iterable

from exchange.feed.letters import named
from exchange.feed.shape import Column, File
from exchange.feed.sheets import Sheet

MAX_COLUMNS = 50
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_AS_CSV = "Save it as comma-separated values"

Record = tuple[int, list[str]]


def columns_of(header: Record, below: Iterable[Record], sheet: Sheet) -> list[Column] | None:
    """The columns in the order of the header; None, with faults, where they are not what they must be. `below` are the
    rows under it, of which it takes the first few only if this row is no header.
    """
    known = sheet.file.column_names
    number, names = header[0], [name.strip() for name in header[1]]
    if len(names) > MAX_COLUMNS:
        sheet.whole_file(f"It has {len(names)} columns, and may have at most {MAX_COLUMNS}", number)
        return None
    if reason := _what_else(names, below, sheet.file):
        sheet.whole_file(reason, number, value=",".join(names))
        return None
    for at, name in enumerate(names):
        if name not in known:
            sheet.whole_file(f"There is no such column in this file. {_hint(name, sheet.file)}", number,
                             name or f"column {at + 1}")  # fmt: skip
        elif name in names[:at]:
            sheet.whole_file("There are two columns of this name", number, name)
    meant = {_meant(name, sheet.file) for name in names}
    for column in known.values():
        if not column.optional and column.name not in meant:
            sheet.whole_file("This column is missing", number, column.name)
    return [known[name] for name in names] if sheet.is_readable else None


def is_header(cells: list[str], file: File) -> bool:
    """Whether a row names this file's columns, all that are needed."""
    names = {cell.strip().lower() for cell in cells}
    return names >= {column.name for column in file.columns if not column.optional}


def is_quoted_whole(cells: list[str], expected: int) -> bool:
    """Whether a row that should have several cells is one, with all of them inside its quotation marks."""
    return len(cells) == 1 and expected > 1 and len(_inside(cells[0])) == expected


def _what_else(names: list[str], below: Iterable[Record], file: File) -> str:
    """What a first row is that names no column as it should; empty where it does, or nearly does."""
    if len(names) == 1 and is_header(_inside(names[0]), file):
        return f"Each row stands in quotation marks as a whole. {_AS_CSV}, with marks around single values only"
    separator = next((sign for sign in _SEPARATORS if len(names) == 1 and sign in names[0]), "")
    by_others = f"The columns are not separated by commas but by {_SEPARATORS.get(separator)}. {_AS_CSV}"
    if separator and any(part.strip().lower() in file.column_names for part in names[0].split(separator)):
        return by_others
    if any(_meant(name, file) for name in names):
        return ""
    if names[0].lower().startswith("sep="):
        return "Remove this line. The first row must be the names of the columns"
    for _, (number, cells) in zip(range(10), below, strict=False):
        if is_header(cells, file):
            return f"There is something above the names of the columns, which are in row {number}. Remove it"
    if separator:
        return by_others
    return f"The first row names none of this file's columns. It must be their names: {', '.join(file.column_names)}"


def _inside(cell: str) -> list[str]:
    try:
        return next(csv.reader([cell]), [])
    except csv.Error:
        return []


def _meant(name: str, file: File) -> str | None:
    """The column that a name is, or is so nearly that it is asked for."""
    if name in file.column_names:
        return name
    plain = "_".join(name.lower().replace("-", " ").split())
    return next(iter(difflib.get_close_matches(plain, file.column_names, 1, 0.8)), None)


def _hint(name: str, file: File) -> str:
    odd = next((sign for sign in name if not (sign.isascii() and sign.isprintable())), None)
    also = f"There is {named(odd)} in it. " if odd else ""
    meant = _meant(name, file)
    return f"{also}Is it {meant}?" if meant else f"{also}There are {', '.join(file.column_names)}"

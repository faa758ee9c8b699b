"""From files to rows of cells: what a file must be before its columns are looked at."""

import csv
import difflib
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from exchange.feed.faults import Fault
from exchange.feed.schema import BY_NAME
from exchange.feed.sheets import Sheet

MAX_BYTES = 50 * 1024 * 1024
MAX_BROKEN_ROWS = 20


def files_in(path: Path, faults: list[Fault]) -> dict[str, Path]:
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
    """Why this file name is a fault; empty for something that plainly is no part of a feed."""
    name = entry.name.lower()
    if name.startswith("."):
        return ""
    if name.endswith(".csv"):
        close = difflib.get_close_matches(name, BY_NAME, 1)
        return "A feed has no such file" + (f". Is it {close[0]}?" if close else f". There are {', '.join(BY_NAME)}")
    stem, _, ending = name.partition(".")
    if f"{stem}.csv" in BY_NAME and ending in ("xlsx", "xls", "ods", "txt", "tsv", "csv.txt", "csv.gz", "zip"):
        return f"Save it as {stem}.csv: comma-separated values, UTF-8"
    return ""


def content_of(path: Path, sheet: Sheet) -> bytes | None:
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


def decoded_of(content: bytes, sheet: Sheet) -> str | None:
    """The text of a file. A byte that is not UTF-8 becomes a lone surrogate: `is_text` finds it in its cell."""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        sheet.whole_file("This is a spreadsheet under another name. Save it as comma-separated values, UTF-8")
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or content[:100].count(0) > 10:
        sheet.whole_file("It is not saved as UTF-8. Save it as comma-separated values, UTF-8")
        return None
    return content.decode("utf-8-sig", "surrogateescape")


def is_text(cell: str) -> bool:
    """Whether a cell was UTF-8, and has no NUL character."""
    return "\0" not in cell and (cell.isascii() or not any("\udc80" <= each <= "\udcff" for each in cell))


def records_of(text: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their numbers. After a row that cannot be read it goes on with the next line."""
    lines = io.StringIO(text, newline="").readlines()
    at = number = 0
    has_header = False
    for _ in range(MAX_BROKEN_ROWS):
        reader = csv.reader(islice(lines, at, None), strict=True)
        while True:
            number += 1
            begin = at + reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                sheet.whole_file(_why_broken(problem), number, value=lines[begin].strip())
                at = begin + 1
                break
            if any(cell.strip() for cell in cells):
                has_header = True
                yield number, cells
        if not has_header:
            return
    sheet.whole_file("From here on it was not read, as too many rows could not be", number)


def _why_broken(problem: csv.Error) -> str:
    if "field larger" in str(problem):
        return "This row has a cell that is far too long. Is a quotation mark missing?"
    return "This row cannot be read. It has a quotation mark too many, or one is missing"

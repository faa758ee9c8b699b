"""From files to rows of cells: what a file must be before its columns are looked at."""

import codecs
import csv
import difflib
import errno
import io
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from exchange.feed.faults import Fault
from exchange.feed.schema import BY_NAME, MANIFEST
from exchange.feed.sheets import Sheet

MAX_BYTES = 50 * 1024 * 1024
MAX_BROKEN_ROWS = 20
KNOWN = (*BY_NAME, MANIFEST.name)
_LINK = "This is a link to a file elsewhere. Put the file itself into the directory"
_AS_CSV = "Save it as comma-separated values, UTF-8"
_OTHERS = {
    b"\x1f\x8b": "It is compressed (gzip). Unpack it, and send the file itself",
    b"PK\x05\x06": "It is compressed (zip), and empty. Send the file itself",
    b"BZh": "It is compressed (bzip2). Unpack it, and send the file itself",
    b"\xfd7zXZ": "It is compressed (xz). Unpack it, and send the file itself",
    b"7z\xbc\xaf": "It is compressed (7-Zip). Unpack it, and send the file itself",
    b"(\xb5/\xfd": "It is compressed (zstd). Unpack it, and send the file itself",
    b"Rar!": "It is compressed (RAR). Unpack it, and send the file itself",
    b"%PDF": f"This is a PDF under another name. {_AS_CSV}",
    b"\xd0\xcf\x11\xe0": f"This is a spreadsheet under another name. {_AS_CSV}",
    b"{\\rtf": f"This is a text document under another name. {_AS_CSV}",
    b"SQLite format 3": f"This is a database under another name. {_AS_CSV}",
}
"""What files begin with that are not text."""
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<table")


def files_in(path: Path, faults: list[Fault]) -> dict[str, Path]:
    try:
        entries = sorted(path.iterdir())
    except OSError as problem:
        faults.append(Fault("", 0, "", str(path), f"It cannot be read: {problem.strerror}"))
        return {}
    found = {entry.name: entry for entry in entries if entry.name in KNOWN}
    for entry in entries:
        if reason := _why_wrong(entry):
            faults.append(Fault(entry.name, 0, "", "", reason))
            found.pop(entry.name, None)
    if not found.keys() - {MANIFEST.name} and not faults:
        faults.append(Fault("", 0, "", str(path), "There is no file of a feed in it, like contracts.csv"))
    return found


def _why_wrong(entry: Path) -> str:
    """Why this entry is a fault; empty for a file of a feed, and for something that plainly is no part of one."""
    name = entry.name.lower()
    if name.startswith("."):
        return ""
    if entry.is_symlink():
        return _LINK
    if entry.name in KNOWN:
        return ""
    if name.endswith(".csv"):
        close = difflib.get_close_matches(name, KNOWN, 1)
        return "A feed has no such file" + (f". Is it {close[0]}?" if close else f". There are {', '.join(KNOWN)}")
    stem, _, ending = name.partition(".")
    if f"{stem}.csv" in KNOWN and ending in ("xlsx", "xls", "ods", "txt", "tsv", "csv.txt", "csv.gz", "zip"):
        return f"Save it as {stem}.csv: comma-separated values, UTF-8"
    return ""


def content_of(path: Path, sheet: Sheet) -> bytes | None:
    """The file's content. A link is not followed, even one that was put there only just now."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        sheet.whole_file(_LINK if problem.errno == errno.ELOOP else f"It cannot be read: {problem.strerror}")
        return None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            sheet.whole_file("This is not a file")
        elif about.st_size > MAX_BYTES:
            sheet.whole_file(f"It has more than {MAX_BYTES // 1024 // 1024} MB. Split the feed and import its parts")
        else:
            with open(descriptor, "rb", closefd=False) as file:
                return file.read()
    except OSError as problem:
        sheet.whole_file(f"It cannot be read: {problem.strerror}")
    finally:
        os.close(descriptor)
    return None


def is_text_file(content: bytes, sheet: Sheet) -> bool:
    """Whether it is a text; if not, the sheet says what it is."""
    if reason := _what_else(content):
        sheet.whole_file(reason)
    return not reason


def _lines_of(content: bytes) -> Iterator[str]:
    """The lines of a file, each with its end. A byte that is not UTF-8 becomes a lone surrogate: `is_text` finds it in
    its cell.
    """
    return io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", "surrogateescape", newline="")


def _what_else(content: bytes) -> str:
    """What a file is that is no text; empty for a text."""
    for beginning, reason in _OTHERS.items():
        if content.startswith(beginning):
            return reason
    if content.startswith(b"PK\x03\x04"):
        if b"xl/workbook" in content or content[30:38] == b"mimetype":
            return f"This is a spreadsheet under another name. {_AS_CSV}"
        return f"It is compressed (zip), or a spreadsheet under another name. {_AS_CSV}, not compressed"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or content[:100].count(0) > 10:
        return f"It is not saved as UTF-8. {_AS_CSV}"
    if content[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        return f"This is a web page or XML under another name. {_AS_CSV}"
    return ""


def is_text(cell: str) -> bool:
    """Whether a cell was UTF-8, and has no NUL character."""
    return "\0" not in cell and (cell.isascii() or not any("\udc80" <= each <= "\udcff" for each in cell))


def is_cut(content: bytes) -> bool:
    """Whether a text ends in the middle of a line."""
    text = content.removeprefix(codecs.BOM_UTF8)
    return bool(text) and text[-1:] not in b"\r\n"


def records_of(content: bytes, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their numbers. After a row that cannot be read it goes on with the next line."""
    at = number = 0
    has_header = False
    for _ in range(MAX_BROKEN_ROWS):
        reader = csv.reader(islice(_lines_of(content), at, None), strict=True)
        while True:
            number += 1
            begin = at + reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                line = next(islice(_lines_of(content), begin, None))
                sheet.whole_file(_why_broken(problem), number, value=line.strip())
                at = begin + 1
                break
            if any(map(str.strip, cells)):
                has_header = True
                yield number, cells
        if not has_header:
            return
    sheet.whole_file("From here on it was not read, as too many rows could not be", number)


def _why_broken(problem: csv.Error) -> str:
    if "field larger" in str(problem):
        return "This row has a cell that is far too long. Is a quotation mark missing?"
    return "This row cannot be read. It has a quotation mark too many, or one is missing"

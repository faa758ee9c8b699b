"""Reading a table that somebody sends: by a limited child, whole or not at all. What is wrong is said in words that
tell what to do.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import BoundedSemaphore

from models.base import DomainError
from models.garbage import uncollected

CHILD = Path(__file__).with_name("sheet_child.py")
SECONDS = 30
LARGEST = 25 * 1024 * 1024
"""Bytes of a file."""
_few = BoundedSemaphore(2)
"""Files at once in one process: each takes up to 512 MB and a processor."""
_AGAIN = "Open it in Excel, save it as .xlsx, and send that"
_REFUSED = {
    "csv_is_workbook": "its name ends in .csv, but it is an Excel workbook. Rename it to end in .xlsx",
    "csv_is_other": "its name ends in .csv, but it is a PDF or a picture. Send the spreadsheet itself",
    "csv_is_markup": "its name ends in .csv, but it is a web page. Export it again from your system as CSV",
    "encoding": "row {} has characters that cannot be read. Save it as “CSV UTF-8”, and send that",
    "nul": "row {} holds a character that no spreadsheet writes (NUL). Export the file again",
    "long_cell": "a cell in row {} has more than 5,000 characters. Is a quotation mark missing there?",
    "long_text": "a cell in row {} has more than 5,000 characters. Shorten it, and send the file again",
    "text": "its cells hold more than 20 million characters. Send it in parts",
    "quote_open": "a quotation mark is opened and never closed, in row {} or before. Close it, and send the file again",
    "quote_inside": 'row {} has a quotation mark in the middle of a cell. Write it twice (""), or take it out',
    "csv": "row {} cannot be read as CSV. Save the file again as CSV",
    "columns": "row {} has more than 50 columns. Take out what does not belong to the table",
    "rows": "it has more than 100,000 rows, and nothing of it was read. Send it in parts",
    "encrypted": "it has a password. Take the password off, and send it again",
    "xls": "it is an Excel file of the old kind. Save it as .xlsx in Excel, and send that",
    "xlsx_is_other": f"its name ends in .xlsx, but it is no Excel workbook. {_AGAIN}",
    "broken": f"it cannot be read as an Excel workbook: it may be damaged or cut off. {_AGAIN}",
    "members": f"it is packed in a way that Excel does not write. {_AGAIN}",
    "unpacks": "it unpacks to more than 200 MB. Copy the table into a new workbook, and send that",
    "no_workbook": f"it is packed, but there is no workbook in it. {_AGAIN}",
    "binary": "it is a binary workbook (.xlsb). Save it as .xlsx in Excel, and send that",
    "macros": "it holds macros. Save it as .xlsx without macros, and send that",
    "linked": "it takes figures from another workbook. Copy the table, paste it as values, and send that",
    "doctype": f"it has parts that no spreadsheet needs and that can do harm. {_AGAIN}",
    "hidden": "its sheet is hidden. Show the sheet in Excel, save, and send it again",
    "sheets": "it has several sheets ({}), and none is called {wanted}. Call the right one {wanted}",
    "far": "a cell stands far below the table ({}). Delete the rows under the table, and send it again",
    "memory": "it needs too much memory to be read. Send it in parts",
    "time": "it takes too long to be read. Send it in parts",
}
_NOTES = {
    "cp1252": "It was read as text of Windows (Windows-1252). Look at names with accents",
    "utf-16": "It was read as Unicode text (UTF-16)",
    "semicolons": "Its cells are parted by semicolons", "tabs": "Its cells are parted by tabs",
    "bars": "Its cells are parted by bars", "hidden_rows": "Some of its rows are hidden, and were read as well",
}  # fmt: skip
BAD_CELLS = {
    "unworked": "This is a formula that was never worked out. Open the file in Excel, save it, and send it again",
    "error": "This formula ends in an error. Type the value",
    "long_number": "Excel has cut this number off. Make the column text, and type it again",
}


class SheetRefused(DomainError):
    """The file is not read, and nothing of it is kept; the text says why, and what to do."""


@dataclass(frozen=True)
class Table:
    """What stands in a file, as text: each row with the number that a spreadsheet shows."""

    rows: list[tuple[int, list[str]]]
    sheet: str = ""
    """Empty for CSV."""
    notes: list[str] = field(default_factory=list)
    """What the person should know of how it was read, in words."""
    bad: dict[str, str] = field(default_factory=dict)
    """What is wrong with cells (E7) that have no value to read, in words."""
    merged: list[str] = field(default_factory=list)
    """Areas of merged cells: B2:B5."""


def read_table(name: str, content: bytes, wanted: str) -> Table:
    """The table in the file that its sender calls `name`; of a workbook the sheet `wanted`, or its only one.
    SheetRefused where it cannot be read, or has more than 100,000 rows.
    """
    kind = kind_of(name, content)
    command = [sys.executable, "-I", str(CHILD), kind, wanted]
    with _few:
        try:
            done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, env={}, check=False)  # noqa: S603 - ours
        except subprocess.TimeoutExpired:
            raise _refusal("time", "", wanted) from None
    if done.returncode != 0 or not done.stdout:
        raise _refusal("memory", "", wanted)
    with uncollected():
        said = json.loads(done.stdout)
    if "refused" in said:
        raise _refusal(said["refused"], said["detail"], wanted)
    with uncollected():
        rows = [(number, cells) for number, cells in said["rows"]]
    if not rows:
        raise SheetRefused(
            "The file is empty: its first row must name the columns. Download the template, and fill it in"
        )
    notes = [_NOTES.get(note) or f"It has no sheet called {wanted}: {note.removeprefix('sheet:')} was read"
             for note in said["notes"]]  # fmt: skip
    return Table(
        rows, said["sheet"], notes, {cell: BAD_CELLS[code] for cell, code in said["bad"].items()}, said["merged"]
    )


def table_or_fault(name: str, content: bytes, wanted: str) -> tuple[Table | None, str]:
    """The table, or None with what is wrong with the file."""
    try:
        return read_table(name, content, wanted), ""
    except SheetRefused as refused:
        return None, str(refused)


def kind_of(name: str, content: bytes) -> str:
    """`csv` or `xlsx`. SheetRefused for a name that ends otherwise, and for a file that is empty or too large."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower().removeprefix(".")
    if not content.strip():
        raise SheetRefused("The file is empty. Check that it is the right one")
    if len(content) > LARGEST:
        raise SheetRefused("The file has more than 25 MB, and nothing of it was read. Send it in parts")
    if ending in ("xls", "xlsm", "xlsb", "ods", "numbers"):
        raise SheetRefused(f"Files that end in .{ending} cannot be read. Save it as .xlsx or as CSV, and send that")
    if ending not in ("csv", "txt", "tsv", "xlsx"):
        raise SheetRefused("Send an Excel workbook (.xlsx) or a CSV file (.csv)")
    return "xlsx" if ending == "xlsx" else "csv"


def _refusal(code: str, detail: str, wanted: str) -> SheetRefused:
    return SheetRefused("The file was not read: " + _REFUSED[code].format(detail or "1", wanted=wanted))

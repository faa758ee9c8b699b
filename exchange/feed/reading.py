"""From a directory of CSV files to parsed rows, and the faults that one file by itself can have."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from exchange.feed.decoding import content_of, files_in, is_cut, is_text_file, records_of
from exchange.feed.faults import Fault
from exchange.feed.headers import columns_of
from exchange.feed.schema import FILES, MANIFEST
from exchange.feed.sheets import Sheet, Track, plainly
from exchange.feed.taking import Taker

MAX_ROWS = 200_000
CUT = "The file does not end with a line end, so this row may have been cut off. Send the whole file again"


@dataclass
class Directory:
    """All that was read, and the hash of it."""

    name: str
    sheets: dict[str, Sheet]
    faults: list[Fault]
    sha256: str
    hashes: dict[str, str]
    """The hash of each file's content."""
    manifest: Sheet | None


def read(path: Path, track: Track = plainly) -> Directory:
    """Parse every file of a feed in `path`."""
    faults: list[Fault] = []
    found = files_in(path, faults)
    digest = hashlib.sha256()
    sheets: dict[str, Sheet] = {}
    hashes: dict[str, str] = {}
    for file in track([file for file in (*FILES, MANIFEST) if file.name in found], "Reading"):
        sheet = sheets[file.name] = Sheet(file)
        content = content_of(found[file.name], sheet)
        if content is not None:
            digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
            hashes[file.name] = hashlib.sha256(content).hexdigest()
            _parse(content, sheet, sheets)
        faults.extend(sheet.faults)
        sheet.faults.clear()
    manifest = sheets.pop(MANIFEST.name, None)
    return Directory(path.resolve().name, sheets, faults, digest.hexdigest(), hashes, manifest)


def _parse(content: bytes, sheet: Sheet, sheets: dict[str, Sheet]) -> None:
    if not is_text_file(content, sheet):
        return
    records = records_of(content, sheet)
    header = next(records, None)
    if header is None:
        if sheet.is_readable:
            sheet.whole_file("It is empty. Its first row must be the names of the columns")
        return
    columns = columns_of(header, records, sheet)
    if columns is None:
        return
    sheet.begin(columns)
    number = header[0]
    taker = Taker(sheet, sheets)
    for number, cells in records:
        if sheet.count == MAX_ROWS:
            sheet.whole_file(f"It has more than {MAX_ROWS:,} rows. Split the feed and import its parts", number)
            return
        taker.take(number, cells)
    if is_cut(content) and sheet.is_readable:
        taker.untake(number, CUT)

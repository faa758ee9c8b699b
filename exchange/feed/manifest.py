"""manifest.csv: what the finance system says that it has sent. It finds what was cut, lost or changed on its way.

Demanded once a council has sent one (`FeedImport.has_manifest`).
"""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import select

from exchange.feed.faults import Fault
from exchange.feed.reading import Directory, read
from exchange.feed.schema import BY_NAME, MANIFEST
from exchange.feed.shape import Column
from exchange.feed.sheets import Row, Sheet
from models.base import session
from models.money import SCALE, parse_e4
from models.records.feed import FeedImport
from models.words import how_many

MISSING = (
    f"It is missing, and feeds before this one had it. Send {MANIFEST.name} with every feed, or ask why it stopped"
)


def faults_of(directory: Directory) -> list[Fault]:
    """What differs between manifest and files. Faults inside the manifest itself are the directory's already."""
    if directory.manifest is None:
        return [Fault(MANIFEST.name, 0, "", "", MISSING)] if is_demanded() else []
    if not directory.manifest.is_readable or any(row.is_rejected for row in directory.manifest.marked.values()):
        return []
    told: dict[str, list[Row]] = {}
    for row in sorted(directory.manifest.rows(), key=lambda row: row.number):
        told.setdefault(row.values["file"], []).append(row)
    faults = [Fault(name, 0, "", "", f"{MANIFEST.name} does not name this file. Send a manifest that does")
              for name in directory.sheets if name not in told]  # fmt: skip
    for name, rows in told.items():
        sheet = directory.sheets.get(name)
        if name not in BY_NAME:
            faults += [Fault(MANIFEST.name, row.number, "file", name, "A feed has no such file") for row in rows[:1]]
        elif sheet is None:
            faults.append(Fault(name, 0, "", "", f"It is missing. {MANIFEST.name} names it. Send the whole feed again"))
        elif sheet.is_readable and (differing := list(_differences(sheet, rows, directory.hashes.get(name, "")))):
            faults.append(Fault(name, 0, "", "", f"{' '.join(differing)} Send the file again, with its manifest"))
    return faults


def is_demanded() -> bool:
    """Whether a feed must have a manifest."""
    return bool(session.scalar(select(sa.exists(select(FeedImport.id).where(FeedImport.has_manifest)))))


def manifest_of(path: Path) -> str:
    """The manifest of the files in a directory, as a feed has it."""
    directory = read(path)
    lines = [",".join(column.name for column in MANIFEST.columns)]
    for name, sheet in directory.sheets.items():
        about = f"{name},{sheet.count},{directory.hashes[name]}"
        lines += [f"{about},{column.name},{_pounds(_sum(sheet, column))}" for column in _money(sheet)] or [f"{about},,"]
    return "".join(f"{line}\n" for line in lines)


def _differences(sheet: Sheet, rows: list[Row], sha256: str) -> Iterator[str]:
    """Sentences. The hash alone would find everything; the other figures say what it is."""
    said = rows[0].values["rows"]
    if said != sheet.count:
        yield f"It has {how_many(sheet.count, 'row')}, and {MANIFEST.name} says {said:,}."
    sums = {row.values["column"]: row.values["sum"] for row in rows}
    for column in _money(sheet):
        total, told = _sum(sheet, column), sums.get(column.name)
        if told is None:
            yield f"{MANIFEST.name} does not say the sum of {column.name}."
        elif total != told:
            yield f"{column.name} adds up to {_pounds(total)}, and {MANIFEST.name} says {_pounds(told)}."
    for name in sums.keys() - {column.name for column in _money(sheet)} - {""}:
        yield f"{MANIFEST.name} says the sum of {name}, which is no column of money here."
    if any(row.values["sha256"] != sha256 for row in rows) or any(row.values["rows"] != said for row in rows):
        yield f"Its content is not what {MANIFEST.name} was made of."


def _money(sheet: Sheet) -> list[Column]:
    """The columns of money that the file has."""
    return [column for column in sheet.columns if column.kind.is_money]


def _sum(sheet: Sheet, column: Column) -> int:
    """In ten-thousandths of a pound. A cell that cannot be read is a fault elsewhere, and counts as nothing."""
    total, at = 0, sheet.columns.index(column)
    for cells in sheet.cells:
        try:
            total += parse_e4((cells[at] if at < len(cells) else "") or "0")
        except ValueError:
            continue
    return total


def _pounds(e4: int) -> str:
    whole, part = divmod(e4, SCALE)
    return f"{whole}.{part:04}"

"""The import itself: read, check, compare and write, all or nothing."""

from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import select

from exchange.feed import across, frozen
from exchange.feed.faults import Count, Fault, FeedFaults
from exchange.feed.reading import Directory, read
from exchange.feed.schema import BY_NAME, FILES
from exchange.feed.sheets import Sheet, Track, plainly
from exchange.feed.world import World
from exchange.feed.writing import Changes, Writer, compare
from models import audit
from models.base import scope, session, transaction
from models.records.contract import Contract
from models.records.feed import FeedImport
from models.tenancy import every_provider


@dataclass
class Report:
    """What an import did, or would do."""

    counts: dict[str, Count] = field(default_factory=dict)
    sha256: str = ""
    import_id: int | None = None
    """None where nothing was written."""

    @property
    def is_news(self) -> bool:
        return any(count.new or count.changed for count in self.counts.values())


def check_feed(path: Path, track: Track = plainly) -> Report:
    """Find out what an import would do, or raise FeedFaults with all that is wrong. Writes nothing."""
    directory = read(path, track)
    with scope(), every_provider():
        return _compared(directory, track)[0]


def import_feed(path: Path, track: Track = plainly) -> Report:
    """Write what is new or has changed, or raise FeedFaults with all that is wrong and write nothing.

    An import that changes nothing leaves no trace.
    """
    directory = read(path, track)
    with transaction(), every_provider():
        _keep_others_out()
        report, changes, world = _compared(directory, track)
        if report.is_news:
            counts = {name: [c.read, c.new, c.changed, c.unchanged] for name, c in report.counts.items()}
            entry = FeedImport(name=directory.name, sha256=directory.sha256, counts=counts)
            session.add(entry)
            session.flush()
            Writer(world, entry.id).write(changes, track)
            audit.record("feed.imported", entry, by=None, sha256=directory.sha256, counts=counts)
            report.import_id = entry.id
    return report


def _keep_others_out() -> None:
    """On PostgreSQL, wait for other imports and payment runs, and keep them out until this one commits. SQLite has one
    writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(sa.func.pg_advisory_xact_lock(_LOCK)))
        session.execute(select(Contract.id).order_by(Contract.id).with_for_update())


_LOCK = 7_033_345
"""A number that no other lock of the portal has."""


def _compared(directory: Directory, track: Track) -> tuple[Report, list[Changes], World]:
    world, done = World(directory), frozen.Finalised()
    faults: list[Fault] = list(directory.faults)
    for sheet in track(list(directory.sheets.values()), "Checking"):
        across.check(sheet, world)
        frozen.check(sheet, world, done)
        faults.extend(sheet.faults)
    changes = [compare(sheet, world) for sheet in directory.sheets.values()]
    counts = {each.file.name: _count(directory.sheets[each.file.name], each) for each in changes}
    if faults:
        raise FeedFaults(sorted(faults, key=_place), counts)
    return Report(counts, directory.sha256), changes, world


def _count(sheet: Sheet, changes: Changes) -> Count:
    rejected = sum(row.is_rejected for row in sheet.rows)
    new, changed = len(changes.new), len(changes.changed)
    return Count(len(sheet.rows), new, changed, len(sheet.rows) - new - changed - rejected, rejected)


def _place(fault: Fault) -> tuple[int, str, int, int]:
    """Faults are listed in the order of the documentation: by file, row and column."""
    file = BY_NAME.get(fault.file)
    if file is None:
        return -1, fault.file, 0, 0
    columns = list(file.column_names)
    return (
        FILES.index(file),
        fault.file,
        fault.row,
        columns.index(fault.column) if fault.column in columns else -1,
    )

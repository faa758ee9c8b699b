"""Making exports: all that no export has told yet, in one file each, with a number and a manifest.

What is new is read at one moment, without keeping anybody waiting; the file lies in the store before a short
transaction gives it its number and marks what it tells. A process that is killed before that leaves nothing but a file
that no record has; after it, the export is there. docs/export-states.md goes through it.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Select, insert, select

from exchange.files.store import Store
from exchange.outbound.kinds import KINDS
from exchange.outbound.shape import OutFile, OutKind
from models.audit import record
from models.base import DomainError, chunks, session, snapshot, take_turns, transaction, utc_now
from models.money import parse_pence
from models.payments.remittance import Remittance
from models.records.export import Export, ExportDelivery, Exported, ExportedFile, last_number
from models.tenancy import every_provider

MANIFEST = "manifest.json"
MOST = 50_000
"""Records of one kind that one export tells: what is more is in the next one."""
AT_ONCE = 5_000
_LOCK = 7_033_347
"""A number that no other lock of the portal has."""
_THEN = (1980, 1, 1, 0, 0, 0)
"""When each file in the archive says that it was written: the same content has the same bytes."""


@dataclass(frozen=True)
class Pending:
    """Records that one export tells, as they were read at one moment."""

    last: int
    """The number of the export before it."""
    marks: dict[str, list[dict[str, Any]]]
    """By kind: rows of Exported, but for the export."""
    files: list[tuple[ExportedFile, bytes]]


def export_all(store: Store, *, after: int = 0) -> list[int]:
    """Make exports until nothing is left to tell; their numbers. `after`: a number that is used already, though the
    portal may not know of it: its database was brought back from an earlier day.
    """
    made: list[int] = []
    while (number := export_next(store, after=after)) is not None:
        made.append(number)
    return made


def export_next(store: Store, *, after: int = 0) -> int | None:
    """Make one export of what was not told before; its number, or None where there is nothing. DomainError where other
    processes keep coming between, or the disk has no room.
    """
    for _ in range(ATTEMPTS):
        with snapshot(), every_provider():
            pending = read_pending()
        if not pending.marks:
            return None
        if not store.has_room():
            raise DomainError("The disk is nearly full, so no export was written. Make room for it")
        number, made_at = max(pending.last, after) + 1, utc_now()
        digest, size = store.put(io.BytesIO(_archive(pending, number, made_at)))
        with transaction():
            if _keep(pending, number, made_at, digest, size):
                return number
    raise DomainError("Other exports came between again and again. Nothing was written. Run it again")


ATTEMPTS = 3


def read_pending() -> Pending:
    """What is to be told, in the open snapshot."""
    marks: dict[str, list[dict[str, Any]]] = {}
    files: list[tuple[ExportedFile, bytes]] = []
    for kind in KINDS:
        pending = _pending(kind)
        found = session.execute(pending.order_by("record_id")).all()
        if not found:
            continue
        marks[kind.name] = [
            {"kind": kind.name, "record_id": row.record_id, "version": row.version, "reference": row.reference}
            for row in found
        ]
        files += (_written(kind, file, pending) for file in kind.files)
    return Pending(last_number(), marks, [each for each in files if each[0].rows])


def _pending(kind: OutKind) -> Select:
    """The marks of what no export has told: MOST of them, those that came first."""
    marks = kind.marks().subquery("marks")
    query = select(marks.c.record_id, marks.c.version, marks.c.reference)
    is_told = Exported.tells(kind.name, marks.c.record_id, marks.c.version)
    return query.where(~is_told).order_by(marks.c.record_id).limit(MOST)


def _written(kind: OutKind, file: OutFile, pending: Select) -> tuple[ExportedFile, bytes]:
    ids = select(pending.subquery("pending").c.record_id)
    return content_of(kind, file, ids)


def content_of(kind: OutKind, file: OutFile, ids: Select) -> tuple[ExportedFile, bytes]:
    """The file with the rows of the records of these ids, and what a manifest says of it."""
    rows = file.written(_found(file, ids))
    content = file.content(rows)
    sums = {
        column.name: sum(parse_pence(row[place]) for row in rows)
        for place, column in enumerate(file.columns)
        if column.kind.is_money
    }
    return ExportedFile(file.name, kind.name, len(rows), sums, sha256(content).hexdigest()), content


def _found(file: OutFile, ids: Select) -> Iterator[Any]:
    for query in file.queries:
        asked = query()
        [record_id, *_] = asked.selected_columns
        yield from session.execute(asked.where(record_id.in_(ids)))


def _archive(pending: Pending, number: int, made_at: datetime) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for file, content in pending.files:
            archive.writestr(_info(file.name), content)
        archive.writestr(_info(MANIFEST), _manifest(pending, number, made_at))
    return buffer.getvalue()


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, _THEN)
    info.compress_type, info.external_attr = ZIP_DEFLATED, 0o600 << 16
    return info


def _manifest(pending: Pending, number: int, made_at: datetime) -> bytes:
    said = {
        "format": 1,
        "sequence": number,
        "since": pending.last,
        "made_at": f"{made_at:%Y-%m-%dT%H:%M:%SZ}",
        "files": [
            {"file": file.name, "rows": file.rows, "sums_in_pence": file.sums, "sha256": file.sha256}
            for file, _ in pending.files
        ],
    }
    return json.dumps(said, indent=1, ensure_ascii=False).encode() + b"\n"


def _keep(pending: Pending, number: int, made_at: datetime, digest: str, size: int) -> bool:
    """Write the export down, unless another one came between: what it tells is read anew then."""
    take_turns(_LOCK)
    if last_number() != pending.last:
        return False
    files = [file for file, _ in pending.files]
    export = Export(number=number, since=pending.last, made_at=made_at, sha256=digest, size=size, files=files)
    session.add(export)
    session.flush()
    session.add(ExportDelivery(export_id=export.id))
    for marks in pending.marks.values():
        for some in chunks(marks, AT_ONCE):
            session.execute(insert(Exported), [row | {"export_id": export.id} for row in some])
    record("export.written", export, by=None, number=number, rows=export.rows, sha256=digest)
    return True


def file_of_run(kind: OutKind, file: OutFile, run_id: int) -> bytes:
    """One file of a kind of payments, with what one run has finalised so far."""
    return content_of(kind, file, select(Remittance.id).where(Remittance.run_id == run_id))[1]

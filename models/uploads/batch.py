"""What becomes of an uploaded file. docs/upload-states.md has the table; a test goes through every cell.

Every check reads the figures, plans and weeks as they are at that moment. Of actuals it keeps what it has decided, and
all that it went by: as long as nothing of that has changed, that is what is applied (`look_again`); else the file is
checked anew. What is applied is what the last check showed, or nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, insert, select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, rows_changed, session, utc_now
from models.garbage import uncollected
from models.records.import_batch import (
    Alike,
    CellMend,
    ColumnMapping,
    ImportBatch,
    ImportKind,
    ImportRow,
    ImportState,
    KeptTable,
)
from models.records.provider import Provider
from models.uploads import kinds
from models.uploads.cells import plain_text
from models.uploads.columns import COLUMNS, heading_row, key_of, missing, proposed, twice
from models.uploads.facts import WeekKey
from models.uploads.facts_mark import stand_as_checked
from models.uploads.kinds import Checked
from models.uploads.mending import mended
from models.uploads.open_files import APPLY, BUSY, CLOSED, at_work, content_of, insist_checked, insist_free, insist_open
from models.uploads.outcome import mark_of, outcome_of
from models.uploads.steps import Tell, nobody
from models.words import how_many

MOST_OPEN = 20
"""Files of one provider that wait at once."""
MOST_ALIKE = 20


def receive(
    provider: Provider, kind: ImportKind, file_name: str, sha256: str, rows: Sequence[tuple[int, list[str]]], *,
    bad: Mapping[str, str], merged: Collection[str] = (), notes: Collection[str] = (), is_csv: bool,
    is_test: bool = False, by: User,
) -> ImportBatch:  # fmt: skip
    """Keep a file that was read, with the columns that its headings seem to mean. DomainError where there are no rows
    below the headings, where cells of the table are merged, or where too many files wait.
    """
    waiting = session.scalar(select(sa.func.count(ImportBatch.id)).where(ImportBatch.is_open)) or 0
    if waiting >= MOST_OPEN:
        raise DomainError(f"{MOST_OPEN} of your files wait already. Apply or discard some of them first")
    remembered = {each.heading: each.column for each in session.scalars(ColumnMapping.of_kind(kind))}
    at = heading_row(kind, rows, remembered)
    plain = _Plain(is_csv)
    headings = [plain[cell] for cell in rows[at][1]]
    with uncollected():
        below = [(number, [plain[cell] for cell in cells]) for number, cells in rows[at + 1 :]]
    _insist_on_a_table(rows[at][0], below, merged)
    batch = ImportBatch(
        provider_id=provider.id, kind=kind, file_name=file_name, sha256=sha256, uploaded_by_id=by.id, is_test=is_test,
        state=ImportState.COLUMNS, columns=proposed(kind, headings, remembered), rows_read=len(below),
        content=KeptTable(rows[at][0], headings, below, dict(bad)),
        notes=[*notes, *_left_out(kind, headings, remembered)],
    )  # fmt: skip
    session.add(batch)
    record("upload.received", batch, by=by, kind=kind.value, rows=len(below), sha256=sha256, test=is_test)
    if not missing(kind, batch.columns):
        batch.state = ImportState.WAITING
    return batch


class _Plain(dict[str, str]):
    """By what stands in a cell: how it is kept. Most cells of a file say what others say, and are kept as one."""

    def __init__(self, is_csv: bool) -> None:
        super().__init__()
        self._is_csv = is_csv

    def __missing__(self, cell: str) -> str:
        found = self[cell] = plain_text(cell, is_csv=self._is_csv)
        return found


def _insist_on_a_table(heading: int, below: Sequence[tuple[int, list[str]]], merged: Iterable[str]) -> None:
    if not below:
        raise DomainError("The file was not read: there are no rows below its headings. Fill in the template")
    for area in merged:
        last = int("".join(each for each in area.partition(":")[2] if each.isdigit()))
        if last > heading:
            raise DomainError(
                f"The file was not read: its cells {area} are merged. Unmerge them, and fill in each row by itself"
            )


def _left_out(kind: ImportKind, headings: Sequence[str], remembered: Mapping[str, str]) -> list[str]:
    names = [heading for heading, column in zip(headings, proposed(kind, headings, remembered), strict=True)
             if not column and heading]  # fmt: skip
    return [f"Columns that were left out: {', '.join(name[:40] for name in names[:10])}"] if names else []


def match(batch: ImportBatch, columns: Sequence[str], *, by: User) -> None:
    """Say which of the file's columns is which, and keep that for files to come. DomainError where one is said twice,
    or one is lacking without which no row can be read.
    """
    insist_checked(batch)
    table = content_of(batch)
    known = {each.name for each in COLUMNS[batch.kind]} | {""}
    columns = [name if name in known else "" for name in columns][: len(table.headings)]
    if both := twice(columns):
        raise DomainError(f"{', '.join(both)} is chosen for more than one column. Choose it once")
    if lacks := missing(batch.kind, columns):
        raise DomainError(f"Choose which column is {', '.join(each.label for each in lacks)}")
    usual = proposed(batch.kind, table.headings, {})
    keys = [key_of(heading) for heading in table.headings]
    session.execute(delete(ColumnMapping).where(ColumnMapping.kind == batch.kind, ColumnMapping.heading.in_(keys)))
    said = {key: name for key, name, own in zip(keys, columns, usual, strict=True) if key and name != own}
    now = {"provider_id": batch.provider_id, "kind": batch.kind, "made_by_id": by.id, "made_at": utc_now()}
    if said:
        session.execute(insert(ColumnMapping), [now | {"heading": key, "column": name} for key, name in said.items()])
    batch.columns, batch.state = list(columns), ImportState.WAITING
    record("upload.columns_matched", batch, by=by, columns=len(said))


def look(batch: ImportBatch, provider: Provider, tell: Tell = nobody) -> Checked:
    """Work out what the file would do as things stand now. Nothing is written; `tell` hears how far it is."""
    insist_open(batch)
    if missing(batch.kind, batch.columns):
        raise DomainError("Say first which column of the file is which")
    table = content_of(batch)
    with uncollected():
        return kinds.check(batch, provider, mended(batch, table), table.bad, tell)


def look_again(batch: ImportBatch, provider: Provider, tell: Tell = nobody) -> Checked | None:
    """As `look`, before it is applied; None where the check that is kept with the file went by the very facts that hold
    now, so that another would say the same.
    """
    insist_open(batch)
    if stand_as_checked(batch, provider):
        return None
    return look(batch, provider, tell)


def read_again(batch: ImportBatch) -> None:
    """Read what the file's last check has said, and let nobody else check or apply it until the transaction ends."""
    names = ("state", "rows_new", "rows_changed", "rows_rejected", "rows_applied", "pence", "checked_as", "decided")
    session.refresh(batch, names, with_for_update=True)


def keep(batch: ImportBatch, found: Checked) -> None:
    """Keep the faults and counts of a check. DomainError where the file was applied or discarded meanwhile."""
    counts = found.counts
    outcome = outcome_of(found.rows)
    values: dict[str, Any] = {
        "rows_new": counts[0], "rows_changed": counts[1], "rows_unchanged": counts[2], "rows_rejected": counts[3],
        "people": found.people, "pence": found.pence, "planned_pence": found.planned_pence,
        "outcome": outcome, "checked_as": mark_of(outcome, found.pence), "held_against": found.held_against,
        "decided": None if batch.is_test else found.decided,
    }  # fmt: skip
    state = ImportState.PART_APPLIED if batch.applied_at else ImportState.CHECKED
    _change(batch, state=state, alike=_alike(batch, found), checked_at=utc_now(), **values)
    session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))
    rows = [
        {"provider_id": batch.provider_id, "batch_id": batch.id, "number": row.number, "cells": row.cells,
         "faults": row.faults, "is_rejected": row.is_rejected}
        for row in found.rows if row.faults
    ]  # fmt: skip
    if rows:
        session.execute(insert(ImportRow), rows)


def check(batch: ImportBatch, provider: Provider) -> Checked:
    """Work out what the file would do as things stand now, and keep its faults and counts."""
    insist_free(batch)
    found = look(batch, provider)
    keep(batch, found)
    return found


def _alike(batch: ImportBatch, found: Checked) -> list[Alike]:
    """What one press can mend: at least two cells with the same value and one certain answer."""
    at = {name: place for place, name in enumerate(batch.columns) if name}
    said: Counter[tuple[str, str, str]] = Counter()
    for row in found.rows:
        for fault in row.faults:
            place = at.get(fault.column, len(row.cells))
            if fault.suggestion is not None and place < len(row.cells) and row.cells[place]:
                said[fault.column, row.cells[place], fault.suggestion] += 1
    return [Alike(*key, count) for key, count in said.most_common(MOST_ALIKE) if count > 1]


def _change(batch: ImportBatch, **values: Any) -> None:
    """DomainError where somebody else has applied or discarded the file, or rows of it, since it was read."""
    session.flush()
    as_read = ImportBatch.id == batch.id, ImportBatch.is_open, ImportBatch.rows_applied == batch.rows_applied
    if rows_changed(sa.update(ImportBatch).where(*as_read).values(**values), unsynced=True) != 1:
        raise DomainError(CLOSED)
    session.expire(batch, ["decided"])  # which is long
    session.refresh(batch, values.keys() - {"decided"})


def insist_appliable(batch: ImportBatch, *, only_good: bool) -> None:
    """DomainError where nothing of the file can be applied, or not all of it and all is asked for."""
    insist_open(batch)
    if batch.is_test:
        raise DomainError("This file was uploaded as a test, so nothing of it can be applied. Upload it again")
    if batch.rows_rejected and not only_good:
        raise DomainError(f"{how_many(batch.rows_rejected, 'row')} must be put right first, or left for later")
    if not batch.rows_good:
        raise DomainError("Nothing in this file is new, so there is nothing to apply")


def apply(
    batch: ImportBatch, provider: Provider, found: Checked | None, *, only_good: bool, by: User
) -> list[WeekKey]:  # fmt: skip
    """Write what is new or changed by the check that is kept with the file, and give the weeks of actuals that are
    complete then. With `only_good` rows with faults stay, to be mended. `found`: that check, which workers and visits
    are written from. DomainError where there are any else, or where a row has changed since the check.
    """
    insist_appliable(batch, only_good=only_good)
    with uncollected():
        written = kinds.write(batch, provider, found, by=by)
    applied, is_whole = batch.rows_good, not batch.rows_rejected
    content: Any = sa.null() if is_whole else _without(content_of(batch), written.numbers)
    _change(
        batch, state=ImportState.APPLIED if is_whole else ImportState.PART_APPLIED,
        content=content, applied_at=utc_now(), applied_by_id=by.id,
        rows_applied=batch.rows_applied + applied, rows_new=0, rows_changed=0, outcome=sa.null(), checked_as=None,
        held_against=None, decided=None,
    )  # fmt: skip
    session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.is_rejected.is_(False)))
    record("upload.applied", batch, by=by, rows=applied, left=batch.rows_rejected, sha256=batch.sha256,
           pence=batch.pence)  # fmt: skip
    return written.complete


def _without(table: KeptTable, numbers: Collection[int]) -> KeptTable:
    """What is left once these rows are written."""
    rows = [row for row in table.rows if row[0] not in numbers]
    return KeptTable(table.heading_row, table.headings, rows, table.bad)


def discard(batch: ImportBatch, *, by: User) -> None:
    """Throw away what was not applied. What was applied stays. DomainError while it is being applied."""
    if at_work(batch) == APPLY:
        raise DomainError(BUSY)
    nothing = {"content": sa.null(), "outcome": sa.null(), "decided": None}
    if not move(batch, ImportBatch.is_open, state=ImportState.DISCARDED, **nothing):
        raise DomainError(CLOSED)
    session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))
    session.execute(delete(CellMend).where(CellMend.batch_id == batch.id))
    record("upload.discarded", batch, by=by, left=batch.rows_read - batch.rows_applied)

"""Mending an uploaded file: one cell, or a value wherever it stands in a column."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, session, utc_now
from models.records.import_batch import CellMend, ImportBatch, KeptTable, ValueMend
from models.uploads.cells import cell_name, shown
from models.uploads.open_files import content_of, insist_checked

LONGEST_CELL = 5_000
OF_ONE_FILE = {"WeekCommencing", "RowVersion", "VisitDate", "StartDate", "EndDate", "ActualStart", "ActualEnd"}
"""Columns of which a mend is not kept for files to come: 9 July may be right in the next one."""


def mended(batch: ImportBatch, table: KeptTable) -> list[tuple[int, list[str]]]:
    """The rows with what was mended: a value wherever it stands in a column, and then single cells."""
    at = {name: place for place, name in enumerate(batch.columns) if name}
    values: dict[int, dict[str, str]] = {}
    for each in session.scalars(ValueMend.of_kind(batch.kind)):
        if each.column in at:
            values.setdefault(at[each.column], {})[each.typed] = each.meant
    cells: dict[int, dict[int, str]] = {}
    for row in session.scalars(CellMend.of_batch(batch)):
        if row.column in at:
            cells.setdefault(row.number, {})[at[row.column]] = row.meant
    if not values and not cells:
        return table.rows
    return [(number, _mended(typed, values, cells.get(number, {}))) for number, typed in table.rows]


def _mended(typed: list[str], values: Mapping[int, Mapping[str, str]], cells: Mapping[int, str]) -> list[str]:
    row = list(typed)
    for place, meanings in values.items():
        if place < len(row):
            row[place] = meanings.get(row[place], row[place])
    row += [""] * (max(cells, default=0) + 1 - len(row))
    for place, meant in cells.items():
        row[place] = meant
    return row


def mend(
    batch: ImportBatch, cells: Mapping[tuple[int, str], str], *, by: User, seen: datetime | None = None
) -> int:  # fmt: skip
    """Type over cells of the file, by row number and column. How many of them say something else now. Check it then.

    `seen`: when the check was made that the sender's page shows. Boxes in which the sender has typed nothing since then
    leave what somebody else has mended meanwhile. DomainError where both have typed into one.
    """
    insist_checked(batch)
    table = content_of(batch)
    at = {name: place for place, name in enumerate(batch.columns) if name}
    own = {(row.number, row.column): row for row in session.scalars(CellMend.of_batch(batch))}
    typed_first, stands = dict(table.rows), dict(mended(batch, table))
    since = seen if seen and batch.checked_at and batch.checked_at > seen else None
    count, new = 0, []
    where = {"provider_id": batch.provider_id, "batch_id": batch.id, "made_by_id": by.id, "made_at": utc_now()}
    for (number, column), typed in cells.items():
        row, place, meant = stands.get(number), at.get(column), typed.strip()[:LONGEST_CELL]
        if row is None or place is None or _in(row, place) == meant:
            continue
        known = own.get((number, column))
        if since is not None and (known is None or known.made_at > since):
            if meant == _in(typed_first[number], place):
                continue
            if known is not None:
                raise DomainError(_meanwhile(cell_name(place, number), known.meant))
        count += 1
        if known is not None:
            known.meant, known.made_by_id, known.made_at = meant, by.id, utc_now()
            continue
        new.append(where | {"number": number, "column": column, "meant": meant})
    if new:
        session.execute(insert(CellMend), new)
    return count


def _in(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _meanwhile(cell: str, meant: str) -> str:
    return f"Somebody has changed {cell} to {shown(meant)} since you opened this page. Look whether that is right"


def mend_everywhere(batch: ImportBatch, column: str, typed: str, meant: str, *, by: User) -> None:
    """Take `typed` for `meant` wherever it stands in that column: here and in files to come, until it is forgotten. A
    day or a version means what it means in this file only.
    """
    insist_checked(batch)
    if not column or column not in batch.columns or not typed:
        raise DomainError("This column is not in the file")
    if column in OF_ONE_FILE:
        place = batch.columns.index(column)
        rows = mended(batch, content_of(batch))
        mend(batch, {(number, column): meant for number, row in rows if row[place : place + 1] == [typed]}, by=by)
        return
    own = select(ValueMend).where(ValueMend.kind == batch.kind, ValueMend.column == column, ValueMend.typed == typed)
    found = session.scalars(own).one_or_none()
    if found is None:
        where = {"provider_id": batch.provider_id, "kind": batch.kind, "column": column, "typed": typed}
        found = ValueMend(**where, made_by_id=by.id)
        session.add(found)
    found.meant, found.made_by_id, found.made_at = meant[:LONGEST_CELL], by.id, utc_now()
    record("upload.value_mended", batch, by=by, column=column)


def unmend(batch: ImportBatch, column: str, meant: str) -> None:
    """Take the cells of that column that were mended to say `meant` for what the file says."""
    insist_checked(batch)
    own = CellMend.batch_id == batch.id, CellMend.column == column, CellMend.meant == meant
    session.execute(delete(CellMend).where(*own))


def forget(mend: ValueMend, *, by: User) -> None:
    """Take the value for what it is again, here and in files to come."""
    record("upload.mend_forgotten", mend, by=by, column=mend.column)
    session.delete(mend)

"""What a check says that a file would do, row by row, in short: so that what is applied is what was shown."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from zlib import crc32

from models.uploads.actual_rows import CheckedRow

NAMED = 10
"""Rows that a message names."""


def outcome_of(rows: Iterable[CheckedRow]) -> list[int]:
    """A number for each row, in the order of the file: another one where the row would write something else, would
    replace another row, has other faults, or is worth another sum.
    """
    return [_outcome(row) if row.outcome is None else row.outcome for row in rows]


def settle(rows: Iterable[CheckedRow]) -> None:
    """Let go of figures that are written down already (models/uploads/kept_check.py): a long file has many."""
    for row in rows:
        row.outcome = _outcome(row)
        row.figures = row.plain = None


def _outcome(row: CheckedRow) -> int:
    return crc32(_said(row).encode())


def _said(row: CheckedRow) -> str:
    faults = "".join(fault.code for fault in row.faults) if row.faults else ""
    item_id, figures = row.item.id if row.item is not None else 0, row.figures
    return f"{row.state.value} {item_id} {row.first_on} {row.planned_e4} {row.stood} {row.pence} {faults} " + (
        f"{figures.actual_e4} {figures.frustrated_e4} {figures.missed_e4} {figures.extra_e4} {figures.visits} "
        f"{figures.reason} {figures.by_day_e4} {figures.provider_reference} {figures.comment}"
        if figures is not None else repr(row.values)
    )  # fmt: skip


def mark_of(outcome: Sequence[int], pence: int | None) -> str:
    """Short enough for a form: the same only where every row does the same."""
    return sha256(f"{pence} {outcome}".encode()).hexdigest()[:32]


def rows_that_differ(rows: Sequence[CheckedRow], before: Sequence[int] | None, now: Sequence[int]) -> list[int]:
    """Their numbers in the spreadsheet, the first ones; none where the file has other rows than at the check before."""
    if before is None or len(before) != len(now):
        return []
    found = (row.number for row, old, new in zip(rows, before, now, strict=True) if old != new)
    return [number for number, _ in zip(found, range(NAMED), strict=False)]

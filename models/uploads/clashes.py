"""Visits that cannot both be: one worker at two places at once, or the same visit under two references."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from models.base import session
from models.calendar import DAY
from models.records.visit import Visit
from models.uploads.actual_rows import CheckedRow


class _Made(NamedTuple):
    start: datetime
    end: datetime
    reference: str
    carer_id: int
    client_id: int


def tell_clashes(rows: Sequence[CheckedRow]) -> None:
    """Warn of them (next.md 30): among the rows, and with visits that are there already. Both rows are told."""
    by_reference = {row.values["reference"]: row for row in rows if row.values and row.values["started_at"]}
    if not by_reference:
        return
    made = [*_of(by_reference.values()), *_standing(by_reference)]
    for before, after in _overlapping(made):
        is_same = before.start == after.start and before.client_id == after.client_id
        for visit, other in ((before, after), (after, before)):
            if (row := by_reference.get(visit.reference)) is not None:
                text = f"The worker is at visit {other.reference} at the same time"
                if is_same:
                    text = f"This is the same visit as {other.reference}"
                row.warn("W141" if is_same else "W140", "CarerID", text)


def _of(rows: Iterable[CheckedRow]) -> Iterator[_Made]:
    for row in rows:
        if row.values:
            yield _Made(
                *(row.values[name] for name in ("started_at", "ended_at", "reference", "carer_id", "client_id"))
            )


def _standing(rows: dict[str, CheckedRow]) -> Iterator[_Made]:
    """Visits of those days that are there already, and are not in the file."""
    days = {row.values["day"] + shift for row in rows.values() if row.values for shift in (-DAY, timedelta(), DAY)}
    for each in session.scalars(select(Visit).where(Visit.day.in_(days)).order_by(Visit.id)):
        if each.started_at and each.ended_at and each.reference not in rows:
            yield _Made(each.started_at, each.ended_at, each.reference, each.carer_id, each.client_id)


def _overlapping(made: Iterable[_Made]) -> Iterator[tuple[_Made, _Made]]:
    """Pairs of one worker, each with the one that ends last among those before it."""
    of_carer: dict[int, list[_Made]] = defaultdict(list)
    for each in made:
        of_carer[each.carer_id].append(each)
    for visits in of_carer.values():
        visits.sort()
        longest = visits[0]
        for after in visits[1:]:
            if after.start < longest.end:
                yield longest, after
            longest = max(longest, after, key=lambda visit: visit.end)

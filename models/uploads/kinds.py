"""What each kind of file is checked by, and written by."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from models.accounts.user import User
from models.care.filing import Filed, WeekOf, file_rows
from models.care.plan import Planned
from models.records.actual import Origin
from models.records.import_batch import ImportKind, RowFault
from models.records.provider import Provider
from models.uploads.actual_rows import CheckedRow, RowState
from models.uploads.actuals import check_actuals
from models.uploads.carers import check_carers, write_carers
from models.uploads.cells import cell_name
from models.uploads.facts import Facts
from models.uploads.visits import check_visits, write_visits
from models.uploads.worth import worth_of


@dataclass(frozen=True)
class Checked:
    """A file that was checked, and what its good rows come to."""

    rows: Sequence[CheckedRow]
    facts: Any
    """Of its kind: what it was held against."""
    people: int = 0
    pence: int | None = None
    planned_pence: int | None = None

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """New, changed, unchanged, rejected."""
        found = [row.state for row in self.rows]
        return (found.count(RowState.NEW), found.count(RowState.CHANGED), found.count(RowState.UNCHANGED),
                found.count(RowState.REJECTED))  # fmt: skip

    @property
    def good(self) -> Iterator[CheckedRow]:
        """Those that can be applied and change something."""
        return (row for row in self.rows if row.state in (RowState.NEW, RowState.CHANGED))


@contextmanager
def uncollected() -> Iterator[None]:
    """Ten thousand rows hold no rubbish that goes round in circles, and to look for it again and again among them takes
    as long as the work itself.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def check(
    kind: ImportKind, provider: Provider, columns: Sequence[str], rows: Sequence[tuple[int, list[str]]],
    bad: Mapping[str, str],
) -> Checked:  # fmt: skip
    """`bad`: what is wrong with cells that have no value to read."""
    facts = None if kind is ImportKind.CARERS else Facts(provider)
    if facts is None:
        found = check_carers(columns, rows)
    elif kind is ImportKind.VISITS:
        found = check_visits(facts, columns, rows)
    else:
        found = check_actuals(facts, columns, rows)
    _tell_bad(found, columns, bad)
    if facts is None or kind is ImportKind.VISITS:
        return Checked(found, facts, len({row.values["client_id"] for row in found if row.values and facts}))
    good = [row for row in found if not row.is_rejected]
    pence, planned_pence = worth_of(facts, good)
    people = {row.item.client_id for row in good if row.item is not None}
    return Checked(found, facts, len(people), pence, planned_pence)


def _tell_bad(rows: Sequence[CheckedRow], columns: Sequence[str], bad: Mapping[str, str]) -> None:
    """Say of cells without a value what is wrong with them, in place of that they are empty."""
    if not bad:
        return
    for row in rows:
        for place, name in enumerate(columns):
            text = bad.get(cell_name(place, row.number))
            if text and name and not (place < len(row.cells) and row.cells[place] and "formula" in text):
                row.faults = [fault for fault in row.faults if fault.column != name]
                row.faults.append(RowFault("E002", name, text))
                row.state = RowState.REJECTED


def write(kind: ImportKind, provider: Provider, found: Checked, *, by: User) -> None:
    """Save the good rows."""
    if kind is ImportKind.CARERS:
        return write_carers(provider, found.good)
    if kind is ImportKind.VISITS:
        return write_visits(provider, found.good)
    facts: Facts = found.facts
    filed = [Filed(row.planned, row.figures, row.stood) for row in found.good if row.planned and row.figures]
    planned: dict[WeekOf, list[Planned]] = {key: facts.planned_in(key) for row in found.good if (key := row.week)}
    file_rows(provider.id, filed, planned, Origin.FILE, by=by)
    return None

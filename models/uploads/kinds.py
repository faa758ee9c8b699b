"""What each kind of file is checked by, and written by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.user import User
from models.records.import_batch import ImportBatch, ImportKind
from models.records.provider import Provider
from models.uploads.actual_rows import CheckedRow, RowState, days_said
from models.uploads.actuals import check_actuals
from models.uploads.bad_cells import BadCells
from models.uploads.carers import check_carers, write_carers
from models.uploads.facts import Facts
from models.uploads.facts_mark import facts_now
from models.uploads.kept_check import Written, write_decided
from models.uploads.steps import CHECKING, Tell, nobody
from models.uploads.visits import check_visits, write_visits


@dataclass(frozen=True)
class Checked:
    """A file that was checked, and what its good rows come to."""

    rows: Sequence[CheckedRow]
    people: int = 0
    pence: int | None = None
    planned_pence: int | None = None
    decided: bytes | None = None
    """Of actuals: what is to be written (models/uploads/kept_check.py)."""
    held_against: dict[str, Any] | None = None
    """Of actuals: all that it went by."""

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """New, changed, unchanged, rejected."""
        found = [row.state for row in self.rows]
        return (found.count(RowState.NEW), found.count(RowState.CHANGED), found.count(RowState.UNCHANGED),
                found.count(RowState.REJECTED))  # fmt: skip

    @property
    def good(self) -> Iterator[CheckedRow]:
        """Those that can be applied and change something."""
        return (row for row in self.rows if row.is_good)


def check(
    batch: ImportBatch, provider: Provider, rows: Sequence[tuple[int, list[str]]], bad: Mapping[str, str],
    tell: Tell = nobody,
) -> Checked:  # fmt: skip
    """`rows`: of the file, as they are mended. `bad`: what is wrong with cells that have no value to read."""
    kind, columns = batch.kind, batch.columns
    if kind is ImportKind.ACTUALS:
        against = facts_now(batch, provider, days_said(columns, rows))  # first: what changes meanwhile is noticed
        facts = Facts(provider)
        found = check_actuals(facts, columns, rows, bad, tell)
        people = {row.item.client_id for row in found.rows if row.item is not None and row.pence is not None}
        return Checked(found.rows, len(people), found.pence, found.planned_pence, b"".join(found.decided), against)
    facts_of_visits = Facts(provider) if kind is ImportKind.VISITS else None
    checked = check_visits(facts_of_visits, columns, rows) if facts_of_visits else check_carers(columns, rows)
    unread = BadCells(columns, bad)
    for row in checked:
        unread.tell(row)
    tell(CHECKING, len(checked))
    clients = {row.values["client_id"] for row in checked if row.values and facts_of_visits}
    return Checked(checked, len(clients))


def write(batch: ImportBatch, provider: Provider, found: Checked | None, *, by: User) -> Written:
    """Save the good rows: of actuals what the check that is kept with the file has decided, of workers and visits what
    `found` has.
    """
    if batch.kind is ImportKind.ACTUALS:
        return write_decided(provider.id, batch.decided or b"", by=by)
    if found is None:
        raise ValueError(f"a file of {batch.kind} is checked whenever it is applied")
    good = list(found.good)
    if batch.kind is ImportKind.CARERS:
        write_carers(provider, good)
    else:
        write_visits(provider, good)
    return Written({row.number for row in good}, [])

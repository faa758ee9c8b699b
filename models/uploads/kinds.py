"""What each kind of file is checked by, and written by."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from models.accounts.user import User
from models.care.filing import Filed, file_rows
from models.records.actual import Origin
from models.records.import_batch import ImportKind
from models.records.provider import Provider
from models.uploads.actual_rows import CheckedRow, RowState
from models.uploads.actuals import check_actuals
from models.uploads.bad_cells import BadCells
from models.uploads.carers import check_carers, write_carers
from models.uploads.facts import Facts, WeekKey
from models.uploads.steps import CHECKING, Tell, nobody
from models.uploads.visits import check_visits, write_visits


@dataclass(frozen=True)
class Checked:
    """A file that was checked, and what its good rows come to."""

    rows: Sequence[CheckedRow]
    facts: Facts | None
    """What it was held against; None for workers."""
    people: int = 0
    pence: int | None = None
    planned_pence: int | None = None
    complete: list[WeekKey] = field(default_factory=list)
    """Of actuals: the weeks of which the file, once applied, says all that is planned."""

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


def check(
    kind: ImportKind, provider: Provider, columns: Sequence[str], rows: Sequence[tuple[int, list[str]]],
    bad: Mapping[str, str], tell: Tell = nobody,
) -> Checked:  # fmt: skip
    """`bad`: what is wrong with cells that have no value to read."""
    if kind is ImportKind.ACTUALS:
        facts = Facts(provider)
        found = check_actuals(facts, columns, rows, bad, tell)
        people = {row.item.client_id for row in found.rows if row.item is not None and not row.is_rejected}
        return Checked(found.rows, facts, len(people), found.pence, found.planned_pence, found.complete)
    facts_of_visits = Facts(provider) if kind is ImportKind.VISITS else None
    checked = check_visits(facts_of_visits, columns, rows) if facts_of_visits else check_carers(columns, rows)
    unread = BadCells(columns, bad)
    for row in checked:
        unread.tell(row)
    tell(CHECKING, len(checked))
    clients = {row.values["client_id"] for row in checked if row.values and facts_of_visits}
    return Checked(checked, facts_of_visits, len(clients))


def write(kind: ImportKind, provider: Provider, found: Checked, *, by: User) -> None:
    """Save the good rows; of actuals week after week."""
    if kind is ImportKind.CARERS:
        write_carers(provider, found.good)
    elif kind is ImportKind.VISITS:
        write_visits(provider, found.good)
    else:
        _write_actuals(provider, found, by)


def _write_actuals(provider: Provider, found: Checked, by: User) -> None:
    facts = found.facts
    if facts is None:
        raise ValueError("actuals are held against facts")
    of_day: dict[date, list[CheckedRow]] = defaultdict(list)
    for row in found.good:
        if row.first_on is not None:
            of_day[row.first_on].append(row)
    for rows in of_day.values():
        filed = [
            Filed(key, row.item.id, row.planned_e4, row.figures, row.stood) for row in rows
            if (key := row.week) and row.item and row.figures and row.planned_e4 is not None
        ]  # fmt: skip
        file_rows(provider.id, filed, lambda week: facts.planned_in(WeekKey(*week)), Origin.FILE, by=by)

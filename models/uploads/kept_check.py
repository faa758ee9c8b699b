"""What a check of a file of actuals has decided to write, as it is kept with the file until it is applied: nothing else
is written then.

JSON for each day on which weeks begin, packed by itself and one after the other, so that no more than the weeks of one
day are held at once: 100,000 rows take 10 MB, and one as they are packed.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from models.accounts.user import User
from models.base import DomainError
from models.care.figures import Figures
from models.care.filing import MEANWHILE, Filed, WeekOf, file_rows
from models.records.actual import AbsenceReason, Origin
from models.uploads.actual_rows import CheckedRow
from models.uploads.facts import Facts, WeekKey


class AsPlanned(NamedTuple):
    """Somebody who is planned in a week that the file begins, and of whom it says nothing that can be applied."""

    item_id: int
    planned_e4: int


class KeptDay(NamedTuple):
    """The weeks that begin on one day."""

    numbers: list[int]
    """Of the rows, as a spreadsheet counts them."""
    filed: list[Filed]
    others: dict[WeekOf, list[AsPlanned]]
    """By week that nobody had begun."""
    complete: list[WeekKey]


def packed(facts: Facts, good: Sequence[CheckedRow], complete: Iterable[WeekKey]) -> bytes:
    """The rows of one day's weeks that can be applied; the plans of that day are read."""
    rows: list[list[object]] = []
    items: dict[WeekKey, set[int]] = {}
    for row in good:
        key, item, own = row.week, row.item, row.figures
        if key is None or item is None or own is None or row.planned_e4 is None:
            raise ValueError(f"row {row.number} can not be applied")
        items.setdefault(key, set()).add(item.id)
        rows.append([
            row.number, key.contract_id, key.service_id, item.id, row.planned_e4, row.stood, own.actual_e4,
            own.frustrated_e4, own.missed_e4, own.extra_e4, own.visits, own.reason, own.comment,
            own.provider_reference, own.by_day_e4,
        ])  # fmt: skip
    others = [
        [key.contract_id, key.service_id, each.item_id, each.planned_e4]
        for key, named in items.items() if key not in facts.weeks
        for each in facts.planned_in(key) if each.item_id not in named
    ]  # fmt: skip
    begun = [list(key[:2]) for key in items if key not in facts.weeks]
    [first_on] = {key.first_on for key in items} | {key.first_on for key in complete}
    whole = [list(key[:2]) for key in complete]
    said = json.dumps([first_on.isoformat(), rows, begun, others, whole], ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(said.encode(), level=1)


def days_in(decided: bytes) -> Iterator[KeptDay]:
    """One after the other, as they were kept."""
    while decided:
        unpacking = zlib.decompressobj()
        yield _day_in(unpacking.decompress(decided))
        decided = unpacking.unused_data


def _day_in(said: bytes) -> KeptDay:
    day, rows, begun, planned, whole = json.loads(said)
    first_on = date.fromisoformat(day)
    weeks = _Weeks(first_on)
    others: dict[WeekOf, list[AsPlanned]] = {weeks[key]: [] for key in map(tuple, begun)}
    for contract_id, service_id, item_id, planned_e4 in planned:
        others[weeks[contract_id, service_id]].append(AsPlanned(item_id, planned_e4))
    filed = [
        Filed(
            weeks[contract_id, service_id], item_id, planned_e4,
            Figures(actual, frustrated, missed, extra, visits, _REASONS[reason], comment, reference,
                    tuple(by_day) if by_day else None), stood,
        )
        for _, contract_id, service_id, item_id, planned_e4, stood, actual, frustrated, missed, extra, visits, reason,
        comment, reference, by_day in rows
    ]  # fmt: skip
    complete = [WeekKey(contract_id, service_id, first_on) for contract_id, service_id in whole]
    return KeptDay([row[0] for row in rows], filed, others, complete)


_REASONS: Mapping[str | None, AbsenceReason | None] = {None: None} | {each.value: each for each in AbsenceReason}


class _Weeks(dict[tuple[int, int], WeekOf]):
    """The weeks that begin on one day, by the contract and the service; each is made once."""

    def __init__(self, first_on: date) -> None:
        super().__init__()
        self._first_on = first_on

    def __missing__(self, key: tuple[int, int]) -> WeekOf:
        found = self[key] = (*key, self._first_on)
        return found


class Written(NamedTuple):
    """What became of a file that was applied."""

    numbers: set[int]
    """Of the rows that were written, as a spreadsheet counts them."""
    complete: list[WeekKey]
    """Weeks of actuals that can be confirmed now."""


def write_decided(provider_id: int, decided: bytes, *, by: User) -> Written:
    """Save the figures, the weeks of one day after those of another. DomainError where somebody has changed one of them
    since the check.
    """
    numbers: set[int] = set()
    complete: list[WeekKey] = []
    for day in days_in(decided):
        if day.filed:
            file_rows(provider_id, day.filed, _Others(day.others), Origin.FILE, by=by)
        numbers.update(day.numbers)
        complete += day.complete
    return Written(numbers, complete)


class _Others:
    """Who else is planned in a week that is to begin."""

    def __init__(self, known: Mapping[WeekOf, list[AsPlanned]]) -> None:
        self._known = known

    def __call__(self, week: WeekOf) -> list[AsPlanned]:
        if week not in self._known:
            raise DomainError(MEANWHILE)
        return self._known[week]

"""What the feed brings, beside what is on record, as the rules of warnings see it; and the list of these rules."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import repeat
from typing import Any, NamedTuple

from exchange.feed.faults import Warning_
from exchange.feed.frozen import Finalised
from exchange.feed.schema import BY_NAME, FILES, ITEMS
from exchange.feed.shape import Key, Values
from exchange.feed.sheets import Row, Sheet
from exchange.feed.table import Groups, Several
from exchange.feed.world import World
from exchange.feed.writing import Changes
from models.calendar import FAR_FUTURE, Span, today


class Doubt(NamedTuple):
    """Why one record may be wrong. Equal reasons are told as one line, so what differs stands in `detail`."""

    reason: str
    detail: str = ""
    pence: int | None = None
    per: str = ""
    """In which time the money is at stake; empty: once."""


class Fresh(NamedTuple):
    """One record that the feed brings or changes."""

    key: Key
    row: Row
    values: Values


class Brought:
    """`fresh` are the records of each file that are new or changed, made anew whenever they are gone through."""

    def __init__(self, changes: Iterable[Changes], world: World, done: Finalised) -> None:
        self.world, self.done, self.today = world, done, today()
        self.fresh: dict[str, Several[Fresh]] = {file.name: Several([], _nothing) for file in FILES}
        self._is_fresh: dict[str, bytearray] = {}
        """By the position of their rows."""
        for each in changes:
            keys = [*each.new.keys, *each.changed.keys]
            self.fresh[each.file.name] = Several(keys, partial(self._fresh, world.sheets[each.file.name]))
            positions = world.sheets[each.file.name].table.positions
            marks = self._is_fresh[each.file.name] = bytearray(len(positions))
            for key in keys:
                marks[positions[key]] = 1

    def _fresh(self, sheet: Sheet, key: Key) -> Fresh:
        row = sheet.by_key[key]
        return Fresh(key, row, self.world.merged_row(sheet, row, key))

    def said(self, name: str, *attributes: str) -> Iterator[tuple[Any, ...]]:
        """The keys of the records that the feed brings or changes, and what they will say of these attributes."""
        keys, sheet = self.fresh[name].keys, self.world.sheets.get(name)
        if sheet is not None and keys:
            yield from zip(keys, *(self._column(sheet, each, keys) for each in attributes), strict=True)

    def _column(self, sheet: Sheet, attribute: str, keys: list[Key]) -> Iterator[Any]:
        """What these records will say of one attribute. One that the file leaves out keeps its value."""
        if attribute in sheet.table.names:
            at = map(sheet.table.positions.__getitem__, keys)
            return map(sheet.table.column(attribute).__getitem__, at)
        default, on_record = sheet.file.defaults[attribute], self.world.stored[sheet.file.name].table
        if not on_record.positions:
            return repeat(default, len(keys))
        stored = on_record.column(attribute)
        found = map(on_record.positions.get, keys)
        return (default if position is None else stored[position] for position in found)

    def fresh_of(self, name: str, keys: Iterable[Key]) -> Iterator[Fresh]:
        """Those of these records that the feed brings or changes."""
        return (self._fresh(self.world.sheets[name], key) for key in keys if self.is_fresh(name, key))

    def is_fresh(self, name: str, key: Key) -> bool:
        if name not in self._is_fresh:
            return False
        position = self.world.sheets[name].table.positions.get(key)
        return position is not None and bool(self._is_fresh[name][position])

    def row(self, name: str, key: Key) -> Row | None:
        """The row that brings the record, or changes it; None where it is on record as it was."""
        return self.world.sheets[name].by_key[key] if self.is_fresh(name, key) else None

    def warning(self, name: str, row: Row, column: str, doubt: Doubt) -> Warning_:
        value = row.cells.get(column, "")
        return Warning_(name, row.number, column, value, doubt.reason, doubt.detail, doubt.pence, doubt.per)

    def provider_of(self, item: Values) -> Key | None:
        return self.world.provider_of(BY_NAME[ITEMS], item)

    def level(self, key: Key) -> Values | None:
        return self.world.find("service_levels.csv", key)

    @cached_property
    def methods(self) -> dict[Key, list[Values]]:
        """The payment methods of each contract."""
        grouped = self.grouped("payment_methods.csv", "contract_id")
        return {key: grouped.of(key) for key in grouped}

    def grouped(self, name: str, *attributes: str) -> "Grouped":
        """All records of a file by these attributes."""
        groups = Groups()
        for key, *shared in self.world.picked(name, *attributes):
            groups.add(shared[0] if len(shared) == 1 else tuple(shared), key)
        return Grouped(groups, partial(self.world.find, name))

    def alike(self, name: str, attributes: tuple[str, ...], what: Callable[..., Any]) -> Iterator[list[Key]]:
        """The keys of records of a file that are the same by `what`, which takes these attributes, where there are
        several; None is like nothing.
        """
        by_hash = Groups()
        for key, *values in self.world.picked(name, *attributes):
            if (found := what(*values)) is not None:
                by_hash.add(hash(found), key)
        for keys in by_hash.of_many():
            same: dict[Any, list[Key]] = defaultdict(list)
            for key in keys:
                record = self.world.find(name, key) or {}
                same[what(*(record[each] for each in attributes))].append(key)
            yield from (found for found in same.values() if len(found) > 1)


class Grouped:
    """Records by what they share, found again whenever a group is asked for."""

    def __init__(self, groups: Groups, find: Callable[[Key], Values | None]) -> None:
        self._groups, self._find = groups, find

    def of(self, shared: Any) -> list[Values]:
        return [values for key in self._groups.of(shared) if (values := self._find(key)) is not None]

    def count(self, shared: Any) -> int:
        return len(self._groups.of(shared))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._groups)


RecordCheck = Callable[..., Doubt | None]
"""Takes what is brought, and the values of the rule's attributes."""
Check = Callable[[Brought], Iterator[Warning_]]


@dataclass(frozen=True)
class RecordRule:
    file: str
    column: str
    attributes: tuple[str, ...]
    check: RecordCheck


RECORD_RULES: list[RecordRule] = []
RULES: list[tuple[tuple[str, ...], Check]] = []


def doubts(file: str, column: str, *attributes: str) -> Callable[[RecordCheck], RecordCheck]:
    """A rule on these attributes of one record that the feed brings or changes; its warning is shown at the column."""

    def register(check: RecordCheck) -> RecordCheck:
        RECORD_RULES.append(RecordRule(file, column, attributes, check))
        return check

    return register


def looks_through(*files: str) -> Callable[[Check], Check]:
    """A rule on several records, asked for if the feed brings or changes one of these files."""

    def register(check: Check) -> Check:
        RULES.append((files, check))
        return check

    return register


def found_in(changes: Iterable[Changes], world: World, done: Finalised) -> list[Warning_]:
    brought = Brought(changes, world, done)
    found = [
        brought.warning(rule.file, world.sheets[rule.file].by_key[key], rule.column, doubt)
        for rule in RECORD_RULES
        for key, *values in brought.said(rule.file, *rule.attributes)
        if (doubt := rule.check(brought, *values))
    ]
    for files, check in RULES:
        if any(brought.fresh[name] for name in files):
            found.extend(check(brought))
    return found


def _nothing(key: Key) -> Fresh:
    """Of a file that the feed does not have nothing is fresh."""
    raise KeyError(key)


def days_of(values: Values) -> Span:
    return Span(values["starts_on"], values["ends_on"] or FAR_FUTURE)


def said(span: Span) -> str:
    """01/04/2019 to 30/04/2019, or from 01/04/2019 on."""
    if span.last == FAR_FUTURE:
        return f"from {span.first:%d/%m/%Y} on"
    return f"{span.first:%d/%m/%Y}" + (f" to {span.last:%d/%m/%Y}" if span.last != span.first else "")


def some(words: list[str]) -> str:
    """The first three, and how many more."""
    return ", ".join(words[:3]) + (f" and {len(words) - 3:,} more" if len(words) > 3 else "")


def on(day: date) -> str:
    return f"{day:%d/%m/%Y}"

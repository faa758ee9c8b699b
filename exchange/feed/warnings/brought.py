"""What the feed brings, beside what is on record, as the rules of warnings see it; and the list of these rules."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from exchange.feed.faults import Warning_
from exchange.feed.frozen import Finalised
from exchange.feed.schema import BY_NAME, FILES, ITEMS
from exchange.feed.shape import Key
from exchange.feed.sheets import Row
from exchange.feed.world import Values, World
from exchange.feed.writing import Changes
from models.calendar import FAR_FUTURE, Span


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
    """`fresh` are the records of each file that are new or changed."""

    def __init__(self, changes: Iterable[Changes], world: World, done: Finalised) -> None:
        self.world, self.done = world, done
        self.fresh: dict[str, list[Fresh]] = {file.name: [] for file in FILES}
        for each in changes:
            file = each.file
            rows = [*each.new, *((row, values) for row, values, _ in each.changed)]
            self.fresh[file.name] = [Fresh(file.key_of(values), row, values) for row, values in rows]
        self._rows = {name: {each.key: each.row for each in found} for name, found in self.fresh.items()}

    def row(self, name: str, key: Key) -> Row | None:
        """The row that brings the record, or changes it; None where it is on record as it was."""
        return self._rows[name].get(key)

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
        return self.grouped("payment_methods.csv", "contract_id")

    def grouped(self, name: str, *attributes: str, only: set[Any] | None = None) -> dict[Any, list[Values]]:
        """All records of a file by these attributes; those of `only` if it is given."""
        found: dict[Any, list[Values]] = defaultdict(list)
        for _, values in self.world.everything(name):
            key = values[attributes[0]] if len(attributes) == 1 else tuple(values[each] for each in attributes)
            if only is None or key in only:
                found[key].append(values)
        return found


RecordCheck = Callable[[Values, Brought], Doubt | None]
Check = Callable[[Brought], Iterator[Warning_]]


@dataclass(frozen=True)
class RecordRule:
    file: str
    column: str
    check: RecordCheck


RECORD_RULES: list[RecordRule] = []
RULES: list[tuple[tuple[str, ...], Check]] = []


def doubts(file: str, column: str) -> Callable[[RecordCheck], RecordCheck]:
    """A rule on one record that the feed brings or changes; its warning is shown at the column."""

    def register(check: RecordCheck) -> RecordCheck:
        RECORD_RULES.append(RecordRule(file, column, check))
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
        brought.warning(rule.file, each.row, rule.column, doubt)
        for rule in RECORD_RULES
        for each in brought.fresh[rule.file]
        if (doubt := rule.check(each.values, brought))
    ]
    for files, check in RULES:
        if any(brought.fresh[name] for name in files):
            found.extend(check(brought))
    return found


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

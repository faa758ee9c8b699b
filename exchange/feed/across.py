"""Rules between records: references lead somewhere, days do not overlap, and a record stays with its provider."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from exchange.feed.kinds import shown
from exchange.feed.rules import RULES
from exchange.feed.shape import Key, Values
from exchange.feed.sheets import Row, Sheet
from exchange.feed.table import Groups
from exchange.feed.world import World
from models.calendar import FAR_FUTURE


def check(sheet: Sheet, world: World) -> None:
    """Add to the sheet every fault that shows only when its rows are seen with all others."""
    for key, row in sheet.each():
        values = world.merged_row(sheet, row, key)
        _check_record(sheet, row, values, world)
        _check_owner(sheet, row, key, values, world)
    for row in list(sheet.marked.values()):
        if row.is_rejected and row.values and sheet.by_key.get(sheet.file.key_of(row.values)) is not row:
            _check_record(sheet, row, world.merge(sheet, row), world)
    if sheet.file.apart:
        _check_overlaps(sheet, world)
    if sheet.file.name == "purchase_orders.csv":
        _check_orders(sheet, world)


def _check_record(sheet: Sheet, row: Row, values: Values, world: World) -> None:
    _check_links(sheet, row, world)
    for rule in RULES[sheet.file.name]:
        is_said = row.doubted.isdisjoint(rule.columns) and all(name in values for name in rule.attributes)
        if is_said and (reason := rule.check(values, world)):
            sheet.fault(row, rule.columns[0], reason)


def _check_links(sheet: Sheet, row: Row, world: World) -> None:
    for column in sheet.links:
        reference = row.values.get(column.attribute)
        target = column.kind.target
        if reference is None or world.is_known(target, reference):
            continue
        if world.is_lost(target, reference):
            sheet.reject(row, column.name)
        else:
            alike = world.alike(target, reference)
            hint = f" There is {alike}: capitals and leading zeros count" if alike else f" Add it to {target}"
            sheet.fault(row, column.name, f"There is no such record, neither in {target} nor on record.{hint}")


def _check_owner(sheet: Sheet, row: Row, key: Key, values: Values, world: World) -> None:
    """A record stays with its provider for good: its payments and its children are there."""
    file = sheet.file
    if not file.owner or (stored := world.stored[file.name].get(key)) is None or file.owner not in values:
        return
    column = file.attributes[file.owner].name
    before, after = world.stored_provider(stored), world.provider_of(file, values)
    if after is not None and before != after and column not in row.doubted:
        sheet.fault(row, column, f"It belongs to provider {before} for good. Give provider {after} a new record "
                                 f"with its own {file.key_column}")  # fmt: skip


class Days(NamedTuple):
    """The days of one record, and its row if it is in the feed."""

    first: date
    last: date
    row: Row | None


def _check_overlaps(sheet: Sheet, world: World) -> None:
    for group in _touched_groups(sheet, world):
        group.sort(key=lambda days: days[:2])
        longest = group[0]
        for days in group[1:]:
            if days.first <= longest.last:
                _report_overlap(sheet, longest, days)
            if days.last > longest.last:
                longest = days


def _touched_groups(sheet: Sheet, world: World) -> Iterator[list[Days]]:
    """The days of records that may not overlap each other, for each such group of several records of which the feed has
    a row.
    """
    file, name = sheet.file, sheet.file.name
    groups, days = Groups(), {file.begins, "ends_on"}
    doubted = {
        row.number
        for row in sheet.marked.values()
        if not (row.wrong.isdisjoint((*file.apart, *days)) and row.doubted.isdisjoint(days))
    }
    positions = sheet.table.positions
    for key, *values in world.picked(name, *file.apart):
        shared, position = _shared(values), positions.get(key)
        is_touched = shared in groups if position is None else sheet.numbers[position] not in doubted
        if is_touched:
            groups.add(shared, key)
    for keys in groups.of_many():
        yield [_days(sheet, key, world) for key in keys]


def _shared(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _days(sheet: Sheet, key: Key, world: World) -> Days:
    row = sheet.by_key.get(key)
    values = world.merged_row(sheet, row, key) if row else world.stored[sheet.file.name][key].values
    return Days(values[sheet.file.begins], values["ends_on"] or FAR_FUTURE, row)


def _report_overlap(sheet: Sheet, earlier: Days, later: Days) -> None:
    """Add the fault to the later one's row or, if only the earlier one is in the feed, to that."""
    at, other = (later, earlier) if later.row else (earlier, later)
    if at.row is None:
        return
    where = f"in row {other.row.number}" if other.row else "on record"
    until = "on" if other.last == FAR_FUTURE else f"to {shown(other.last)}"
    column = sheet.file.attributes[sheet.file.begins].name
    sheet.fault(at.row, column, f"These days overlap those {where}, from {shown(other.first)} {until}. "
                                "End the earlier one before the later one begins")  # fmt: skip


def _check_orders(sheet: Sheet, world: World) -> None:
    """A provider, client and year have one purchase order, and a number that was once given stays with its order."""
    numbers: dict[tuple[Any, ...], tuple[Key, str]] = {
        _order(stored.values): (key, "on record") for key, stored in world.stored[sheet.file.name].items()
    }
    for key, row in sheet.each():
        values = world.merged[sheet.file.name][key]
        if row.wrong or row.is_rejected:
            continue
        stored = world.stored[sheet.file.name].get(key)
        if stored and _order(stored.values) != _order(values):
            sheet.fault(row, "number", "This number belongs to another order on record. A number never moves")
            continue
        other = numbers.setdefault(_order(values), (key, f"in row {row.number}"))
        if other[0] != key:
            sheet.fault(row, "number", f"The order of this provider, client and year has the number {other[0]} "
                                       f"already, {other[1]}")  # fmt: skip


def _order(values: Values) -> tuple[Any, ...]:
    return values["provider_id"], values["client_id"], values["financial_year"]

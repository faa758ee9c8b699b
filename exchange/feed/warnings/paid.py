"""Changes that reach into days that are finalised, and take back what was paid for them."""

from collections.abc import Callable, Iterator
from datetime import date

from exchange.feed.faults import Warning_
from exchange.feed.schema import ITEMS
from exchange.feed.shape import Key, Values
from exchange.feed.warnings.brought import Brought, Doubt, days_of, looks_through, said, some
from models.calendar import DAY, FAR_FUTURE, Span

TAKEN_BACK = "What was paid for finalised days is taken back"
LOWERED = "Less is paid for days that are finalised: the difference is taken back"


TakesOff = Callable[[Values], int]
"""How much a record takes off what is paid."""


def _finalised_to(brought: Brought, contract: Key) -> date | None:
    stored = brought.world.stored["contracts.csv"].get(contract)
    return brought.done.last_days_of_contracts.get(stored.id) if stored else None


def _lost(before: Values, after: Values, last: date) -> dict[str, Span]:
    """The finalised days that a record had and has no more, by the column that says so."""
    was, now = days_of(before), days_of(after)
    found = {}
    if now.last < was.last and (days := Span(now.last + DAY, was.last).overlap(was.first, last)):
        found["ends_on"] = days
    if now.first > was.first and (days := Span(was.first, now.first - DAY).overlap(was.first, min(was.last, last))):
        found["starts_on"] = days
    return found


@looks_through(ITEMS)
def items_keep_their_days(brought: Brought) -> Iterator[Warning_]:
    stored = brought.world.stored[ITEMS]
    for each in brought.fresh[ITEMS] if stored else ():
        before = stored.get(each.key)
        if before is None or before.id not in brought.done.items:
            continue
        last = _finalised_to(brought, each.values["contract_id"])
        for column, days in (_lost(before.values, each.values, last) if last else {}).items():
            yield brought.warning(ITEMS, each.row, column, Doubt(TAKEN_BACK, f"{each.key}: {said(days)}"))


@looks_through("contracts.csv")
def contracts_keep_their_end(brought: Brought) -> Iterator[Warning_]:
    stored = brought.world.stored["contracts.csv"]
    for each in brought.fresh["contracts.csv"]:
        before, last = stored.get(each.key), _finalised_to(brought, each.key)
        if before is None or last is None:
            continue
        now, was = (values["ends_on"] or FAR_FUTURE for values in (each.values, before.values))
        if now < was and now < last:
            days = Span(now + DAY, min(was, last))
            yield brought.warning("contracts.csv", each.row, "ends_on", Doubt(TAKEN_BACK, f"{each.key}: {said(days)}"))


@looks_through("absences.csv")
def absences_are_known_in_time(brought: Brought) -> Iterator[Warning_]:
    yield from _reaching(brought, "absences.csv", lambda row: 100 - row["pay_percent"])


@looks_through("deductions.csv")
def deductions_are_known_in_time(brought: Brought) -> Iterator[Warning_]:
    yield from _reaching(brought, "deductions.csv", lambda row: row["weekly_rate_e4"])


def _reaching(brought: Brought, name: str, takes_off: TakesOff) -> Iterator[Warning_]:
    """Records that take more off finalised days than they did."""
    stored, items = brought.world.stored[name], brought.world.stored[ITEMS]
    for each in brought.fresh[name]:
        item = items.get(each.values["item_id"])
        last = _finalised_to(brought, item.values["contract_id"]) if item and item.id in brought.done.items else None
        if item is None or last is None:
            continue
        before = stored.get(each.key)
        days = _more_days(before.values if before else None, each.values, takes_off)
        reached = [part for day in days if (part := day.overlap(item.values["starts_on"], last))]
        if reached:
            detail = f"{each.values['item_id']}: {some([said(part) for part in reached])}"
            yield brought.warning(name, each.row, "starts_on", Doubt(LOWERED, detail))


def _more_days(before: Values | None, after: Values, takes_off: TakesOff) -> list[Span]:
    """The days of which more is taken off than before."""
    now = days_of(after)
    if not takes_off(after):
        return []
    if before is None or takes_off(after) > takes_off(before) or before["item_id"] != after["item_id"]:
        return [now]
    was = days_of(before)
    earlier = Span(now.first, was.first - DAY) if now.first < was.first else None
    later = Span(was.last + DAY, now.last) if now.last > was.last else None
    return [part for days in (earlier, later) if days and (part := days.overlap(now.first, now.last))]

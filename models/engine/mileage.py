"""What accepted miles come to: pure functions over plain facts. Rules: design.md section 7, *Claims and adjustments*.

A mile is paid at the rate of its day. The first miles from Monday to Sunday may be free, and above so many in a tax
year another rate may hold: both count every accepted mile of one provider and service level, in order of days, then of
items, whatever order they were accepted in. So a trip that is accepted later and was driven earlier moves others, as
differences. What two siblings were driven together counts once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from models.calendar import year_of
from models.engine.component import Component
from models.engine.entitlement import Cell
from models.engine.facts import Dated
from models.engine.working import Slice
from models.money import PENNY_E8, SCALE, round_half_away
from models.pricing import Unit

Journey = tuple[str | int | bool, ...]
"""What one drive has in common with the same drive for another child: places, miles, and whether it went back."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One trip of a claim item, or the item itself where it has no trips."""

    id: int
    day: date
    miles_e4: int
    """Both ways."""
    journey: Journey | None = None
    """None: no other child's drive is the same."""


@dataclass(frozen=True, slots=True)
class MileageItem:
    """A claim item whose miles count."""

    id: int
    contract_id: int
    level_id: int
    client_id: int | None
    name: str
    drives: tuple[Drive, ...]
    decided_on: date | None
    is_payable: bool = True
    """False: the panel has left it out, and its miles do not count."""
    is_fixed: bool = False
    """It is paid a sum that the panel accepted. Its miles count all the same."""
    accepted_e4: int | None = None
    """Miles that were accepted, where they are fewer: those of its first drives."""


@dataclass(frozen=True, slots=True)
class MileageTerms:
    """How one service level is priced, besides its rate."""

    free_weekly_e4: int = 0
    tiers: tuple[tuple[int, int], ...] = ()
    """Miles in the tax year above which a rate holds, and that rate; in order."""
    deduct_percent: int = 0
    maintenance: frozenset[int] = frozenset()
    """Ids of the service levels whose weekly price is maintenance."""


@dataclass
class MileageBook:
    """All that is known of one provider's miles."""

    items: list[MileageItem] = field(default_factory=list)
    terms: dict[int, list[tuple[date, MileageTerms]]] = field(default_factory=dict)
    """By service level: from which day which terms hold, in order."""
    rates: dict[tuple[int, int], list[Dated]] = field(default_factory=dict)
    """By contract and service level."""
    maintenance: dict[int, list[tuple[int, Dated]]] = field(default_factory=dict)
    """By client: service level, and the weekly price of a care package on its days."""

    def with_items(self, items: Iterable[MileageItem]) -> "MileageBook":
        """The same book with these items instead."""
        return replace(self, items=list(items))

    def terms_on(self, level_id: int, day: date) -> MileageTerms:
        found = MileageTerms()
        for starts_on, terms in self.terms.get(level_id, ()):
            if starts_on <= day:
                found = terms
        return found

    def rate_on(self, contract_id: int, level_id: int, day: date) -> int | None:
        """The contract's rate on that day; None where it has none."""
        rates = self.rates.get((contract_id, level_id), ())
        return next((each.value for each in rates if each.first <= day <= each.last), None)

    def maintenance_on(self, client_id: int, among: frozenset[int], day: date) -> int:
        """What the child's maintenance is a week on that day, in ten-thousandths; 0 where there is none."""
        found = self.maintenance.get(client_id, ())
        return sum(each.value for level, each in found if level in among and each.first <= day <= each.last)


@dataclass(frozen=True, slots=True)
class _Part:
    """Miles of one item on one day at one rate; or a day of travel of which `percent` of `rate_e4` is taken off."""

    day: date
    rate_e4: int
    quantity_e4: int
    percent: int = 100


def priced(book: MileageBook, as_on: date) -> dict[int, list[Cell]]:
    """What each item that was decided by `as_on` comes to, by its id: a cell for each financial year that it has drives
    in. One that was left out comes to 0. Items that are paid a fixed sum are not among them.
    """
    decided = [each for each in book.items if each.decided_on is not None and each.decided_on <= as_on]
    counted = _counted([each for each in decided if each.is_payable])
    miles, days_off = _miles(book, counted), _days_of_travel(book, counted)
    return {each.id: _cells(each, miles[each.id], days_off[each.id]) for each in decided if not each.is_fixed}


Driven = tuple[int, date, Journey]
"""A journey of one day, under one service level."""
Counted = list[tuple[MileageItem, Drive, int]]
"""Drives with the miles of them that count, in ten-thousandths, in order of days, then of items."""


def _counted(items: list[MileageItem]) -> Counted:
    found: Counted = []
    owner: dict[tuple[Driven, int], int | None] = {}
    driven: dict[tuple[Driven, int | None], int] = defaultdict(int)
    for item in sorted(items, key=lambda each: each.id):
        for drive, miles in _accepted(item):
            found.append((item, drive, 0 if _is_with_another(item, drive, owner, driven) else miles))
    return sorted(found, key=lambda each: (each[1].day, each[0].id, each[1].id))


def _is_with_another(
    item: MileageItem, drive: Drive, owner: dict[tuple[Driven, int], int | None],
    driven: dict[tuple[Driven, int | None], int],
) -> bool:  # fmt: skip
    """Whether another child's item has the same drive already. The second one of a day is compared with the second."""
    if drive.journey is None:
        return False
    same = item.level_id, drive.day, drive.journey
    driven[same, item.client_id] += 1
    return owner.setdefault((same, driven[same, item.client_id]), item.client_id) != item.client_id


def _accepted(item: MileageItem) -> Iterator[tuple[Drive, int]]:
    """Its drives in order, each with the miles that were accepted of it; where these are fewer, of the first ones."""
    left = item.accepted_e4
    for drive in sorted(item.drives, key=lambda each: (each.day, each.id)):
        miles = drive.miles_e4 if left is None else min(left, drive.miles_e4)
        if left is not None:
            left -= miles
        if miles:
            yield drive, miles


def _miles(book: MileageBook, counted: Counted) -> dict[int, list[_Part]]:
    """The paid miles of each item, by rate. A day without a rate pays nothing."""
    found: dict[int, list[_Part]] = defaultdict(list)
    in_week: dict[tuple[int, date], int] = defaultdict(int)
    in_year: dict[tuple[int, int], int] = defaultdict(int)
    for item, drive, miles in counted:
        terms = book.terms_on(item.level_id, drive.day)
        week = item.level_id, drive.day - timedelta(days=drive.day.weekday())
        year = item.level_id, tax_year_of(drive.day)
        free = min(miles, max(0, terms.free_weekly_e4 - in_week[week]))
        rate = book.rate_on(item.contract_id, item.level_id, drive.day)
        if rate is not None:
            for each, quantity in _by_tier(rate, terms, in_year[year] + free, miles - free):
                found[item.id].append(_Part(drive.day, each, quantity))
        in_week[week] += miles
        in_year[year] += miles
    return found


def _by_tier(rate_e4: int, terms: MileageTerms, so_far: int, miles: int) -> Iterator[tuple[int, int]]:
    """Rates, and how many of the miles each is paid for, after `so_far` in the tax year."""
    steps = [(0, rate_e4), *terms.tiers]
    for at, (above, rate) in enumerate(steps):
        until = steps[at + 1][0] if at + 1 < len(steps) else so_far + miles
        quantity = min(so_far + miles, until) - max(so_far, above)
        if quantity > 0:
            yield rate, quantity


def _days_of_travel(book: MileageBook, counted: Counted) -> dict[int, list[_Part]]:
    """Days on which a child was driven, at the item that counts them: the first one. A child's day counts once."""
    found: dict[int, list[_Part]] = defaultdict(list)
    taken = set()
    for item, drive, _ in counted:
        terms = book.terms_on(item.level_id, drive.day)
        day = item.level_id, item.client_id, drive.day
        if not terms.deduct_percent or item.client_id is None or day in taken:
            continue
        taken.add(day)
        weekly = book.maintenance_on(item.client_id, terms.maintenance, drive.day)
        if weekly:
            found[item.id].append(_Part(drive.day, weekly, SCALE, terms.deduct_percent))
    return found


def _cells(item: MileageItem, miles: list[_Part], days_off: list[_Part]) -> list[Cell]:
    """By financial years. Miles at one rate are rounded once, and so are the days of travel; where 1 April cuts them,
    the whole is shared out, so that the parts add up. Days of travel take no item below £0.00.
    """
    cells: dict[int, Cell] = {}
    for drive in sorted(item.drives, key=lambda each: each.day):
        cell = cells.setdefault(year_of(drive.day), Cell(Component.CLAIM, drive.day, drive.day))
        cell.last = drive.day
    for rate in sorted({part.rate_e4 for part in miles}):
        for part in _rounded([each for each in miles if each.rate_e4 == rate], Unit.MILE, _pence_of_miles):
            cells[year_of(part.first)].add(part)
    most = sum(cell.net_pence for cell in cells.values())
    for part in _rounded(days_off, Unit.DAY, lambda parts: min(most, _pence_taken_off(parts))):
        cells[year_of(part.first)].add(replace(part, net_pence=-part.net_pence))
    return list(cells.values())


def _pence_of_miles(parts: list[_Part]) -> int:
    return round_half_away(sum(each.rate_e4 * each.quantity_e4 for each in parts), PENNY_E8)


def _pence_taken_off(parts: list[_Part]) -> int:
    """`percent` of a seventh of the weekly maintenance for each day."""
    return round_half_away(sum(each.rate_e4 * each.percent for each in parts), PENNY_E8 // SCALE * 7 * 100)


def _rounded(parts: list[_Part], unit: Unit, pence: Callable[[list[_Part]], int]) -> Iterator[Slice]:
    """A slice for each run of parts of one financial year, rate and percentage. The whole is rounded once."""
    done: list[_Part] = []
    groups: dict[tuple[int, int, int], list[_Part]] = defaultdict(list)
    for part in parts:
        groups[year_of(part.day), part.rate_e4, part.percent].append(part)
    for (_, rate, percent), group in groups.items():
        before = pence(done)
        done += group
        units = sum(each.quantity_e4 for each in group)
        days = [each.day for each in group]
        yield Slice(min(days), max(days), rate, units, percent, unit, pence(done) - before, 0, is_timetabled=True)


def tax_year_of(day: date) -> int:
    """The calendar year in which the day's tax year begins: 6 April to 5 April."""
    return day.year if (day.month, day.day) >= (4, 6) else day.year - 1

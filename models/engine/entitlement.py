"""What a provider is entitled to for some days: pure functions over plain facts, no database. Amounts are whole pence.

A *slice* is a longest run of payable days with equal facts (rate, quantity, pay percentage, VAT). It is rounded once,
on its positive amount, and its VAT once from its net. Where 1 April cuts a slice, the whole is rounded once and shared
out, so that the parts add up. A price by the calendar month is cut at month ends, and rounded so that the days of a
month add up to it. A *cell* is one component of one line item in one payment period, cut at 1 April; what
has been paid is compared with what is due cell by cell. Rules: design.md section 7, golden.md.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from models.calendar import DAY, FAR_FUTURE, Span, year_of
from models.engine.component import Component
from models.engine.facts import ONE, Dated, Quantity, Terms
from models.engine.working import Slice
from models.money import PENNY_E8, SCALE, round_half_away
from models.pricing import DeductionKind, Unit

Run = tuple[date, date, tuple[int | None, Quantity, int]]
"""Its first and last day, and their price, quantity and pay percentage."""


@dataclass(slots=True)
class Cell:
    """What one component of one source comes to, in pence, in one payment period or its part on a side of 1 April."""

    component: Component
    first: date
    last: date
    net_pence: int = 0
    vat_pence: int = 0
    slices: list[Slice] = field(default_factory=list)

    def add(self, part: Slice) -> None:
        self.net_pence += part.net_pence
        self.vat_pence += part.vat_pence
        self.slices.append(part)


def cells(terms: Terms, period: Span) -> list[Cell]:
    """What `terms` entitle to in one whole payment period: a cell for each component and year part."""
    window = period.overlap(terms.starts_on, terms.last_payable_on)
    return gathered(parts_of(terms, period, runs(window, terms)), period) if window else []


def sums(terms: Terms, period: Span) -> tuple[int, int]:
    """Net and VAT pence that the cells of the period come to, without their slices: those of a run of days add up to
    what the run comes to.
    """
    window = period.overlap(terms.starts_on, terms.last_payable_on)
    net = vat = 0
    for days, amount in _amounts(terms, period, runs(window, terms)) if window else ():
        own_net, own_vat = amount.pence(days)
        net, vat = net + own_net, vat + own_vat
    return net, vat


def gathered(parts: Iterable[tuple[Component, Slice]], period: Span) -> list[Cell]:
    """The cells of a period, or an actual week, that these slices make."""
    found: dict[tuple[Component, date], Cell] = {}
    years = period.cut_by_year()
    for component, part in parts:
        year = years[0] if len(years) == 1 else next(span for span in years if part.first in span)
        cell = found.get((component, year.first))
        if cell is None:
            cell = found[component, year.first] = Cell(component, year.first, year.last)
        cell.add(part)
    return list(found.values())


def parts_of(terms: Terms, period: Span, runs_of_it: Iterable[Run]) -> Iterator[tuple[Component, Slice]]:
    """The slices of a period whose payable days are in these runs: what is paid for them, and what is taken off."""
    for days, amount in _paid(terms, runs_of_it):
        yield from ((Component.CARE, part) for part in rounded(days, amount))
    if terms.deductions and (window := period.overlap(terms.starts_on, terms.last_payable_on)):
        yield from deducted(terms, window)


def _amounts(terms: Terms, period: Span, runs_of_it: Iterable[Run]) -> Iterator[tuple[Span, "Amount"]]:
    """The days, each rounded once, and what they come to: what is paid for them, and what is taken off."""
    yield from _paid(terms, runs_of_it)
    if terms.deductions and (window := period.overlap(terms.starts_on, terms.last_payable_on)):
        for _, days, amount in _taken_off(terms, window):
            yield days, amount


def _paid(terms: Terms, runs_of_it: Iterable[Run]) -> Iterator[tuple[Span, "Amount"]]:
    for first, last, (rate, quantity, percent) in runs_of_it:
        if rate is not None:
            amount = _priced(terms, rate, quantity, percent)
            whole = Span(first, last)
            for each in whole.cut_by_month() if terms.unit is Unit.MONTH else (whole,):
                yield each, amount


def deducted(terms: Terms, window: Span) -> Iterator[tuple[Component, Slice]]:
    """What is taken off for the days of `window` on which something is paid."""
    for component, days, amount in _taken_off(terms, window):
        yield from ((component, part) for part in rounded(days, amount))


def _taken_off(terms: Terms, window: Span) -> Iterator[tuple[Component, Span, "Amount"]]:
    for kind, deduction in _joined(terms.deductions):
        days = window.overlap(deduction.first, deduction.last)
        if days:
            for first, last in _paid_days(days, terms):
                yield Component(kind.value), Span(first, last), _deducted(deduction.value)


def _joined(deductions: tuple[tuple[DeductionKind, Dated], ...]) -> list[tuple[DeductionKind, Dated]]:
    """Rows of one kind at one rate whose days follow one another are one fact, as with prices. In order of days."""
    found: list[tuple[DeductionKind, Dated]] = []
    for kind, dated in sorted(deductions, key=lambda each: (each[0], each[1].value, each[1].first)):
        before = found[-1] if found else None
        if before and before[0] is kind and _follows(dated, before[1]):
            found[-1] = (kind, replace(before[1], last=dated.last))
        else:
            found.append((kind, dated))
    return sorted(found, key=lambda each: each[1].first)


def _follows(dated: Dated, before: Dated) -> bool:
    return before.value == dated.value and _day_after(before.last) == dated.first


def runs(window: Span, terms: Terms) -> Iterator[Run]:
    """The longest runs of days in `window` on which price, quantity and pay percentage are all the same.

    The price is None where there is none; the quantity is one unit a week where nothing else is said.
    """
    cuts = {window.first}
    for dated in (*terms.prices, *terms.quantities, *terms.absences):
        cuts.update(day for day in (dated.first, _day_after(dated.last)) if window.first < day <= window.last)
    starts = sorted(cuts)
    run: Run | None = None
    for first, following in zip(starts, [*starts[1:], window.last + DAY], strict=True):
        facts = (
            _on(first, terms.prices),
            _on(first, terms.quantities) or ONE,
            100 if (paid := _on(first, terms.absences)) is None else paid,
        )
        if run and run[2] == facts:
            run = (run[0], following - DAY, facts)
            continue
        if run:
            yield run
        run = (first, following - DAY, facts)
    if run:
        yield run


def _paid_days(days: Span, terms: Terms) -> Iterator[tuple[date, date]]:
    """The runs of `days` on which something is paid: nothing is deducted from days at 0 %, or at a price of 0."""
    begun: date | None = None
    until: date | None = None
    for first, last, (rate, _, percent) in runs(days, terms):
        if not rate or percent == 0:
            continue
        if begun and until and first == until + DAY:
            until = last
            continue
        if begun and until:
            yield begun, until
        begun, until = first, last
    if begun and until:
        yield begun, until


def _on(day: date, facts: Iterable[Dated]) -> Any:
    """The value of the fact that holds on this day; None without one."""
    return next((fact.value for fact in facts if fact.first <= day <= fact.last), None)


def _day_after(day: date) -> date:
    return day if day == FAR_FUTURE else day + DAY


Shared = tuple[date, date] | None


class Amount(NamedTuple):
    """What days with equal facts come to."""

    pence: Callable[[Span], tuple[int, int]]
    """Net and VAT of some of the days, each rounded once."""
    part: Callable[[Span, int, int, Shared], Slice]
    """The slice that tells these days and pence; the whole run of days where they are a share of it."""


def _priced(terms: Terms, rate_e4: int, quantity: Quantity, percent: int) -> Amount:
    def pence(days: Span) -> tuple[int, int]:
        if terms.unit is Unit.MONTH:
            net = _of_month(rate_e4 * quantity.weekly_e4 * percent, days)
        else:
            units_e4, share = _units(terms.unit, quantity, days)
            net = round_half_away(rate_e4 * units_e4 * percent, PENNY_E8 * share * 100)
        return net, round_half_away(net * terms.vat_basis_points, SCALE)

    def part(days: Span, net: int, vat: int, shared: Shared) -> Slice:
        timetabled = quantity.timetable_e4 is not None and terms.unit is not Unit.MONTH
        shown = _units(terms.unit, quantity, days)[0] if timetabled else quantity.weekly_e4
        return Slice(days.first, days.last, rate_e4, shown, percent, terms.unit, net, vat, timetabled, shared)

    return Amount(pence, part)


def _of_month(month_e10: int, days: Span) -> int:
    """Pence of days that lie in one calendar month, so that the days of a month add up to its price however payments
    cut it. `month_e10`: ten-thousandths of a pound times ten-thousandths of a unit times per cent.
    """
    return month_until(month_e10, days.last, days.last.day) - month_until(month_e10, days.last, days.first.day - 1)


def month_until(month_e10: int, month: date, day: int) -> int:
    """Pence that the calendar month of `month` comes to from its 1st to its `day`-th; 0 for day 0."""
    return round_half_away(month_e10 * day, PENNY_E8 * 100 * Span(month, month).days_in_month)


def _units(unit: Unit, quantity: Quantity, days: Span) -> tuple[int, int]:
    """Units in `days`, in ten-thousandths, and a divisor: 7, since a quantity is for a week; 1 for nights and
    timetables. Not for prices by the month.
    """
    if quantity.timetable_e4 is not None:
        begin = days.first.weekday()
        return sum(quantity.timetable_e4[(begin + i) % 7] for i in range(days.days)), 1
    if unit is Unit.NIGHT:
        return quantity.weekly_e4 * days.days, 1
    return quantity.weekly_e4 * days.days, 7


def _deducted(weekly_rate_e4: int) -> Amount:
    def pence(days: Span) -> tuple[int, int]:
        return -round_half_away(weekly_rate_e4 * days.days, PENNY_E8 // SCALE * 7), 0

    def part(days: Span, net: int, vat: int, shared: Shared) -> Slice:
        return Slice(
            days.first, days.last, weekly_rate_e4, SCALE, 100, Unit.WEEK, net, vat, shared_with=shared
        )  # fmt: skip

    return Amount(pence, part)


def rounded(days: Span, amount: Amount) -> list[Slice]:
    """One slice for `days`, or two where 1 April cuts them: the whole and the first part are rounded, the second is the
    rest.
    """
    net, vat = amount.pence(days)
    if year_of(days.first) == year_of(days.last):
        return [amount.part(days, net, vat, None)]
    cut = date(year_of(days.first) + 1, 3, 31)
    shared, first, second = (days.first, days.last), Span(days.first, cut), Span(cut + DAY, days.last)
    net_first, vat_first = amount.pence(first)
    return [
        amount.part(first, net_first, vat_first, shared),
        amount.part(second, net - net_first, vat - vat_first, shared),
    ]

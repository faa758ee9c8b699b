"""What is planned for a week, and what a week of actuals comes to. Pure: no database.

A week of actuals belongs whole to the payment period in which it ends. Rules: design.md section 7, *Actuals*.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from math import gcd

from models.calendar import DAY, Span
from models.engine.component import Component
from models.engine.entitlement import Amount, Cell, Shared, cells, deducted, gathered, rounded, runs
from models.engine.facts import ActualsRule, Delivered, Quantity, Terms
from models.engine.working import Slice
from models.money import PENNY_E8, SCALE, round_half_away
from models.pricing import PayOnActuals, Unit

BY_PLAN = (Unit.MONTH, Unit.MILE, Unit.ITEM)
"""Units of which no week has actuals: a price by the calendar month, and what is claimed."""


def planned_units(terms: Terms, week: Span) -> int:
    """Units that the plan has for the payable days of the week, in ten-thousandths, rounded once: of a quantity a week
    a seventh a day, of a timetable the units of each weekday, of a price by the night the nights. Absences change what
    is paid, not what is planned. 0 for a price by the calendar month, which no week has units of.
    """
    window = week.overlap(terms.starts_on, terms.last_payable_on)
    if window is None or terms.unit is Unit.MONTH:
        return 0
    return round_half_away(sum(_planned_sevenths(terms, day, quantity) for day, _, quantity in _days(window, terms)), 7)


def _days(window: Span, terms: Terms) -> Iterator[tuple[date, int | None, Quantity]]:
    """Each payable day with its price and its quantity."""
    for first, last, (rate, quantity, _) in runs(window, terms):
        for n in range((last - first).days + 1):
            yield first + DAY * n, rate, quantity


def _planned_sevenths(terms: Terms, day: date, quantity: Quantity) -> int:
    """Units planned for one day, in sevenths of a ten-thousandth."""
    if quantity.timetable_e4 is not None:
        return 7 * quantity.timetable_e4[day.weekday()]
    return quantity.weekly_e4 * (7 if terms.unit is Unit.NIGHT else 1)


def goes_by_plan(
    unit: Unit, first_on: date, how: PayOnActuals, delivered: Delivered | None, rule: ActualsRule
) -> bool:  # fmt: skip
    """Whether the week that begins on `first_on` is paid as planned. What has no actuals always is."""
    if how is PayOnActuals.NEVER or unit in BY_PLAN:
        return True
    if rule.plan_from is not None and rule.plan_from <= first_on:
        return True
    return how is PayOnActuals.UNTIL_ACTUAL and delivered is None


def week_cells(
    terms: Terms, week: Span, how: PayOnActuals, delivered: Delivered | None, rule: ActualsRule
) -> list[Cell]:  # fmt: skip
    """What one actual week of seven days entitles to: a cell for each component and each side of 1 April.

    Paid as planned, the plan. Else what was delivered; where that is not known yet, nothing.
    """
    if goes_by_plan(terms.unit, week.first, how, delivered, rule):
        return cells(terms, week)
    return [] if delivered is None else delivered_cells(terms, week, week.first, delivered, rule)


def delivered_cells(
    terms: Terms, week: Span, begins_on: date, delivered: Delivered, rule: ActualsRule
) -> list[Cell]:  # fmt: skip
    """What was delivered in a week, priced. `begins_on`: the first of the seven days that `by_day_e4` is about.

    Absences change what is paid of a plan, and nothing of what was delivered. A week of which nothing is paid deducts
    nothing.
    """
    window = week.overlap(terms.starts_on, terms.last_payable_on)
    if window is None:
        return []
    units = _units(terms, window, begins_on, delivered, rule)
    return gathered(_parts(terms, window, units) if units else _nothing(terms, window), week)


@dataclass(frozen=True, slots=True)
class _Units:
    """How the paid units of a week are spread over its payable days: `of_week_e4` times part / whole, in order."""

    first: date
    rates: list[int | None]
    parts: list[int]
    whole: int
    of_week_e4: int

    def of(self, days: Span) -> int:
        begin = (days.first - self.first).days
        return sum(self.parts[begin : begin + days.days])

    def shown_e4(self, days: Span) -> int:
        """The units of these days, rounded so that those of all days add up."""
        before = sum(self.parts[: (days.first - self.first).days])
        until = before + self.of(days)
        return round_half_away(self.of_week_e4 * until, self.whole) - round_half_away(
            self.of_week_e4 * before, self.whole
        )


def _units(
    terms: Terms, window: Span, begins_on: date, delivered: Delivered, rule: ActualsRule
) -> _Units | None:  # fmt: skip
    """None where nothing is paid.

    What is known by day counts on its day. The rest is shared by what was planned for each payable day, equally where
    nothing was. Without extras, no more is paid than was planned, spread in the same way.
    """
    days = list(_days(window, terms))
    planned = [_planned_sevenths(terms, day, quantity) for day, _, quantity in days]
    if not any(planned):
        planned = [1] * len(days)
    all_planned = sum(planned)
    known = delivered.by_day_e4 or ()
    by_day = [known[(day - begins_on).days] if known else 0 for day, _, _ in days]
    rest_e4 = max(delivered.paid_e4 - sum(known), 0)
    parts = [own * all_planned + rest_e4 * share for own, share in zip(by_day, planned, strict=True)]
    of_week_e4 = sum(by_day) + rest_e4
    if not rule.is_extra_paid:
        of_week_e4 = min(of_week_e4, planned_units(terms, window))
    if not of_week_e4:
        return None
    return _Units(window.first, [rate for _, rate, _ in days], parts, sum(parts), of_week_e4)


def _parts(terms: Terms, window: Span, units: _Units) -> Iterator[tuple[Component, Slice]]:
    """A slice for each run of days with one price, and what is taken off."""
    at = 0
    for rate, run in groupby(units.rates):
        days = Span(window.first + DAY * at, window.first + DAY * (at + sum(1 for _ in run) - 1))
        at += days.days
        if rate is not None and units.of(days):
            yield from ((Component.CARE, part) for part in rounded(days, _priced(terms, rate, units)))
    if terms.deductions:
        yield from deducted(replace(terms, absences=()), window)


def _nothing(terms: Terms, window: Span) -> Iterator[tuple[Component, Slice]]:
    """That nothing was delivered, which is another thing than that nothing is due."""
    rate_e4 = next((rate for _, rate, _ in _days(window, terms) if rate is not None), None)
    if rate_e4 is not None:
        for days in window.cut_by_year():
            yield (
                Component.CARE,
                Slice(
                    days.first, days.last, rate_e4, 0, 100, terms.unit, 0, 0, is_timetabled=True, delivered=(0, 1, 1)
                ),
            )


def _priced(terms: Terms, rate_e4: int, units: _Units) -> Amount:
    def pence(days: Span) -> tuple[int, int]:
        net = round_half_away(rate_e4 * units.of_week_e4 * units.of(days), PENNY_E8 * units.whole)
        return net, round_half_away(net * terms.vat_basis_points, SCALE)

    def part(days: Span, net: int, vat: int, shared: Shared) -> Slice:
        share = units.of(days)
        common = gcd(share, units.whole)
        return Slice(
            days.first, days.last, rate_e4, units.shown_e4(days), 100, terms.unit, net, vat, is_timetabled=True,
            shared_with=shared, delivered=(units.of_week_e4, share // common, units.whole // common),
        )  # fmt: skip

    return Amount(pence, part)

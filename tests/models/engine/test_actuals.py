"""What a week of actuals comes to: worked examples, and every answer against a slow one that goes day by day."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.calendar import FAR_FUTURE, Span, year_of
from models.engine.actuals import planned_units, week_cells
from models.engine.component import Component
from models.engine.facts import ActualsRule, Dated, Delivered, Quantity, Terms
from models.engine.working import Slice
from models.pricing import Convention, DeductionKind, PayOnActuals, Unit

DAY = timedelta(days=1)
MONDAY = date(2026, 10, 5)
WEEK = Span(MONDAY, MONDAY + 6 * DAY)
CUT = Span(date(2026, 3, 30), date(2026, 4, 5))
"""A week that 1 April cuts after its Tuesday."""
ALWAYS, UNTIL, NEVER = PayOnActuals.ALWAYS, PayOnActuals.UNTIL_ACTUAL, PayOnActuals.NEVER
RULE = ActualsRule()
NO_EXTRAS = ActualsRule(is_extra_paid=False)
EVERY_DAY = (20_000,) * 7
"""14 hours, two a day."""


def price(rate_e4: int, first: date = date(2026, 1, 1), last: date = FAR_FUTURE) -> Dated:
    return Dated(first, last, rate_e4)


def care(*prices: Dated, weekly: int = 140_000, timetable: tuple[int, ...] | None = None, **given) -> Terms:
    """14 hours a week at £23.10, unless it says otherwise."""
    quantity = Dated(date(2026, 1, 1), FAR_FUTURE, Quantity(weekly, timetable))
    facts = {"unit": Unit.HOUR, "prices": prices or (price(231_000),), "quantities": (quantity,)}
    return Terms(date(2026, 1, 1), **facts | given)


def pence(terms: Terms, delivered: Delivered | None, week: Span = WEEK, how=ALWAYS, rule=RULE) -> list[int]:
    """Of each cell, net."""
    return [cell.net_pence for cell in week_cells(terms, week, how, delivered, rule)]


def hours(text: str) -> Delivered:
    return Delivered(int(Fraction(text) * 10_000))


@pytest.mark.parametrize(
    ("delivered", "how", "net"),
    [
        (hours("13.25"), ALWAYS, [306_08]),
        (hours("12.75"), ALWAYS, [294_53]),
        (hours("15.25"), ALWAYS, [352_28]),
        (None, ALWAYS, []),
        (hours("0"), ALWAYS, [0]),
        (hours("13.25"), UNTIL, [306_08]),
        (None, UNTIL, [323_40]),
        (hours("0"), UNTIL, [0]),
        (hours("13.25"), NEVER, [323_40]),
    ],
)
def test_a_week_is_paid_as_its_contract_says(delivered, how, net):
    """cases/next.md 31: 13.25 h at £23.10 are £306.08 on actual and £323.40 on plan; 12.75 h are £294.53."""
    assert pence(care(), delivered, how=how) == net


def test_a_slice_says_that_it_was_delivered_and_of_how_much():
    [cell] = week_cells(care(), WEEK, ALWAYS, hours("13.25"), RULE)
    [part] = cell.slices
    assert (part.quantity_e4, part.is_timetabled, part.delivered) == (132_500, True, (132_500, 1, 1))
    assert Slice.from_dict(part.as_dict()) == part
    assert "delivered" not in week_cells(care(), WEEK, UNTIL, None, RULE)[0].slices[0].as_dict()


@pytest.mark.parametrize(("paid", "net"), [("13.9", 321_09), ("14", 323_40), ("14.1", 323_40), ("20", 323_40)])
def test_without_extras_the_lesser_of_what_was_delivered_and_what_was_planned_is_paid(paid, net):
    assert pence(care(), hours(paid), rule=NO_EXTRAS) == [net]
    assert pence(care(), hours(paid)) == [int(Fraction(paid) * 2310 + Fraction(1, 2))]


@pytest.mark.parametrize(("days", "net"), [(-1, 323_40), (0, 323_40), (1, 306_08)])
def test_a_level_that_goes_by_plan_does_so_from_the_week_that_begins_on_its_day(days, net):
    assert pence(care(), hours("13.25"), rule=ActualsRule(plan_from=MONDAY + days * DAY)) == [net]
    assert pence(care(), None, rule=ActualsRule(plan_from=MONDAY + days * DAY)) == ([323_40] if days < 1 else [])


def test_a_price_by_the_calendar_month_goes_by_plan():
    terms = care(price(10_000_000), unit=Unit.MONTH, quantities=())
    assert pence(terms, hours("1")) == pence(terms, None) == pence(terms, None, how=NEVER) == [225_81]


def test_a_new_price_inside_the_week_takes_the_days_that_were_planned_for_it():
    prices = price(231_000, last=MONDAY + 2 * DAY), price(240_000, MONDAY + 3 * DAY)
    by_sevenths = week_cells(care(*prices), WEEK, ALWAYS, hours("13.25"), RULE)[0].slices
    assert [part.delivered for part in by_sevenths] == [(132_500, 3, 7), (132_500, 4, 7)]
    assert [part.quantity_e4 for part in by_sevenths] == [56_786, 75_714]
    assert [part.net_pence for part in by_sevenths] == [131_18, 181_71]
    mostly_early = (40_000, 40_000, 40_000, 5_000, 5_000, 5_000, 5_000)
    by_timetable = week_cells(care(*prices, timetable=mostly_early), WEEK, ALWAYS, hours("13.25"), RULE)[0].slices
    assert [part.delivered for part in by_timetable] == [(132_500, 6, 7), (132_500, 1, 7)]
    unplanned = week_cells(care(*prices, weekly=0), WEEK, ALWAYS, hours("13.25"), RULE)[0].slices
    assert [part.delivered for part in unplanned] == [(132_500, 3, 7), (132_500, 4, 7)]


def test_what_is_known_by_day_is_priced_at_its_day():
    prices = price(100_000, last=MONDAY + 2 * DAY), price(200_000, MONDAY + 3 * DAY)
    on_tuesday_and_thursday = Delivered(50_000, (0, 20_000, 0, 30_000, 0, 0, 0))
    assert [p.net_pence for p in week_cells(care(*prices), WEEK, ALWAYS, on_tuesday_and_thursday, RULE)[0].slices] == [
        20_00,
        60_00,
    ]
    only_early = week_cells(care(*prices), WEEK, ALWAYS, Delivered(5_000, (5_000, 0, 0, 0, 0, 0, 0)), RULE)[0].slices
    assert [(part.last, part.net_pence) for part in only_early] == [(MONDAY + 2 * DAY, 5_00)]
    with_frustrated = replace(on_tuesday_and_thursday, paid_e4=120_000)
    parts = week_cells(care(*prices), WEEK, ALWAYS, with_frustrated, RULE)[0].slices
    assert [part.net_pence for part in parts] == [20_00 + 30_00, 60_00 + 80_00]
    assert sum(part.quantity_e4 for part in parts) == 120_000
    capped = week_cells(care(*prices, weekly=60_000), WEEK, ALWAYS, with_frustrated, NO_EXTRAS)[0].slices
    assert [part.net_pence for part in capped] == [25_00, 70_00]


def test_what_was_delivered_on_a_day_that_is_not_payable_is_not_paid():
    leaves_on_wednesday = care(ends_on=MONDAY + 2 * DAY)
    assert pence(leaves_on_wednesday, Delivered(50_000, (0, 20_000, 0, 30_000, 0, 0, 0))) == [46_20]
    assert pence(leaves_on_wednesday, hours("5")) == [115_50]
    assert pence(care(ends_on=MONDAY - DAY), hours("5")) == []
    assert pence(care(ends_on=MONDAY, convention=Convention.EXCLUDE_LAST), hours("5")) == []


def test_an_absence_changes_what_is_paid_of_a_plan_and_nothing_of_what_was_delivered():
    away = care(absences=(Dated(MONDAY, MONDAY + 6 * DAY, 0),))
    assert pence(away, hours("13.25")) == [306_08]
    assert pence(away, None, how=UNTIL) == [0]


def test_a_week_of_which_nothing_was_delivered_says_so_on_both_sides_of_1_april():
    found = week_cells(care(), CUT, ALWAYS, hours("0"), RULE)
    assert [(cell.first, cell.last, cell.net_pence) for cell in found] == [
        (date(2026, 3, 30), date(2026, 3, 31), 0), (date(2026, 4, 1), date(2026, 4, 5), 0),
    ]  # fmt: skip
    assert {part.delivered for cell in found for part in cell.slices} == {(0, 1, 1)}
    assert pence(replace(care(), prices=()), hours("0")) == []


def test_1_april_shares_a_run_out_by_planned_days_and_the_parts_add_up():
    terms = care(price(231_100), vat_basis_points=2_000)
    found = week_cells(terms, CUT, ALWAYS, hours("13.25"), RULE)
    assert [(cell.first, cell.last) for cell in found] == [
        (date(2026, 3, 30), date(2026, 3, 31)), (date(2026, 4, 1), date(2026, 4, 5)),
    ]  # fmt: skip
    assert [(cell.net_pence, cell.vat_pence) for cell in found] == [(87_49, 17_50), (218_72, 43_74)]
    assert sum(cell.net_pence for cell in found) == 306_21
    assert sum(cell.slices[0].quantity_e4 for cell in found) == 132_500


def test_contributions_are_taken_off_the_weeks_of_which_something_is_paid():
    deduction = (DeductionKind.CONTRIBUTION, Dated(date(2026, 1, 1), FAR_FUTURE, 1_723_000))
    terms = care(deductions=(deduction,), absences=(Dated(MONDAY, MONDAY + 6 * DAY, 0),))
    assert pence(terms, hours("13.25")) == [306_08, -172_30]
    assert (pence(terms, hours("0")), pence(terms, None)) == ([0], [])
    assert pence(replace(terms, ends_on=MONDAY + DAY), hours("0.25")) == [5_78, -49_23]
    assert pence(care(weekly=0, deductions=(deduction,)), hours("2"), rule=NO_EXTRAS) == [0]


# The slow answer.


def rounded(value: Fraction) -> int:
    size = (abs(value) * 2 + 1) // 2
    return int(size if value >= 0 else -size)


def on(day: date, facts, without=None):
    return next((fact.value for fact in facts if fact.first <= day <= fact.last), without)


def units_by_day(terms: Terms, days: list[date], week: Span, delivered: Delivered, rule: ActualsRule) -> dict:
    """The paid units of each payable day, in ten-thousandths."""
    plan = {}
    for day in days:
        quantity = on(day, terms.quantities, Quantity(10_000))
        if quantity.timetable_e4:
            plan[day] = Fraction(quantity.timetable_e4[day.weekday()])
        else:
            plan[day] = Fraction(quantity.weekly_e4) / (1 if terms.unit is Unit.NIGHT else 7)
    planned = sum(plan.values())
    share = {day: plan[day] / planned if planned else Fraction(1, len(days)) for day in days}
    known = delivered.by_day_e4 or (0,) * 7
    rest = delivered.paid_e4 - sum(known)
    units = {day: known[(day - week.first).days] + rest * share[day] for day in days}
    total, most = sum(units.values()), rounded(Fraction(planned))
    if rule.is_extra_paid or total <= most:
        return units
    return {day: each * most / total for day, each in units.items()}


class Sums:
    """Net and VAT by component and financial year."""

    def __init__(self) -> None:
        self.found: dict = {}

    def add(self, component, run: list[date], amount) -> None:
        """The whole is rounded once; of a run that 1 April cuts, the first part too, and the second is the rest."""
        whole, parts = amount(run), [list(part) for _, part in groupby(run, year_of)]
        sums = [whole]
        if len(parts) > 1:
            before = amount(parts[0])
            sums = [before, (whole[0] - before[0], whole[1] - before[1])]
        for part, (net, vat) in zip(parts, sums, strict=True):
            old = self.found.get((component, year_of(part[0])), (0, 0))
            self.found[component, year_of(part[0])] = (old[0] + net, old[1] + vat)


def slow(terms: Terms, week: Span, delivered: Delivered, rule: ActualsRule) -> dict:
    """Net and VAT by component and financial year: day by day, in fractions."""
    days = [week.first + n * DAY for n in range(7) if terms.is_payable_on(week.first + n * DAY)]
    units = units_by_day(terms, days, week, delivered, rule) if days else {}
    if not any(units.values()):
        return {}
    sums = Sums()
    for rate, run in groupby(days, lambda day: on(day, terms.prices)):

        def priced(part, rate=rate):
            net = rounded(Fraction(rate * sum(units[day] for day in part), 1_000_000))
            return net, rounded(Fraction(net * terms.vat_basis_points, 10_000))

        if rate is not None:
            sums.add(Component.CARE, list(run), priced)
    for kind, deduction in terms.deductions:
        off = [day for day in days if deduction.first <= day <= deduction.last and on(day, terms.prices)]
        for _, run in groupby(enumerate(off), lambda each: each[1].toordinal() - each[0]):

            def taken(part, weekly=deduction.value):
                return -rounded(Fraction(weekly * len(part), 700)), 0

            sums.add(Component(kind.value), [day for _, day in run], taken)
    return without_nothing(sums.found)


def without_nothing(sums: dict) -> dict:
    return {key: each for key, each in sums.items() if each != (0, 0)}


CUTS = st.integers(0, 7)
RATES = st.sampled_from([None, 0, 3_333, 231_000, 233_333, 777_777])


@st.composite
def terms_of(draw, week: Span) -> Terms:
    at = week.first + draw(CUTS) * DAY
    prices = [price(rate, first, last) for rate, first, last in (
        (draw(RATES), date(2026, 1, 1), at - DAY), (draw(RATES), at, FAR_FUTURE)) if rate is not None]  # fmt: skip
    table = draw(st.none() | st.tuples(*[st.sampled_from([0, 7_500, 20_000])] * 7))
    then = week.first + draw(CUTS) * DAY
    quantities = (
        Dated(date(2026, 1, 1), then - DAY, Quantity(sum(table) if table else 140_000, table)),
        Dated(then, FAR_FUTURE, Quantity(draw(st.sampled_from([0, 10_000, 95_000])))),
    )
    deductions = ()
    if draw(st.booleans()):
        begins = week.first + draw(CUTS) * DAY
        deductions = ((DeductionKind.CONTRIBUTION, Dated(begins, FAR_FUTURE, draw(st.integers(1, 2_000_000)))),)
    return Terms(
        week.first + draw(st.integers(-1, 6)) * DAY, week.first + draw(st.integers(0, 9)) * DAY,
        draw(st.sampled_from([Unit.HOUR, Unit.NIGHT, Unit.WEEK, Unit.SESSION])), draw(st.sampled_from(Convention)),
        vat_basis_points=draw(st.sampled_from([0, 500, 2_000])), prices=tuple(prices), quantities=quantities,
        absences=draw(st.sampled_from([(), (Dated(week.first, at, 50),)])), deductions=deductions,
    )  # fmt: skip


@st.composite
def deliveries(draw) -> Delivered:
    by_day = draw(st.none() | st.tuples(*[st.sampled_from([0, 2_500, 10_000, 33_333])] * 7))
    if by_day is None:
        return Delivered(draw(st.sampled_from([0, 1, 2_500, 127_500, 132_500, 400_000])))
    return Delivered(sum(by_day) + draw(st.sampled_from([0, 2_500, 50_000])), by_day)


@given(st.data(), st.sampled_from([WEEK, CUT]), deliveries(), st.sampled_from([RULE, NO_EXTRAS]))
def test_every_week_comes_to_what_the_slow_way_comes_to(data, week, delivered, rule):
    terms = data.draw(terms_of(week))
    found = week_cells(terms, week, ALWAYS, delivered, rule)
    sums = {(cell.component, year_of(cell.first)): (cell.net_pence, cell.vat_pence) for cell in found}
    assert without_nothing(sums) == slow(terms, week, delivered, rule)
    for cell in found:
        assert cell.net_pence == sum(part.net_pence for part in cell.slices)
        assert all(cell.first <= part.first <= part.last <= cell.last for part in cell.slices)
        assert all(Slice.from_dict(part.as_dict()) == part for part in cell.slices)


@given(terms_of(CUT), deliveries())
@example(care(), Delivered(200_000, (0, 0, 0, 0, 0, 0, 200_000)))
def test_no_more_units_are_paid_than_were_planned_where_extras_are_not_paid(terms, delivered):
    paid = [part for cell in week_cells(terms, CUT, ALWAYS, delivered, NO_EXTRAS) for part in cell.slices]
    assert sum(part.quantity_e4 for part in paid if part.delivered) <= planned_units(terms, CUT)

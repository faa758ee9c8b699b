"""Which days are paid, and what belongs together: figures of faults that were found in use."""

from dataclasses import replace
from datetime import date

import pytest

from models.calendar import FAR_FUTURE, Span
from models.engine.component import Component
from models.engine.entitlement import cells
from models.engine.facts import Dated, Quantity, Terms
from models.money import SCALE
from models.pricing import Convention, DeductionKind, Unit

APRIL = Span(date(2019, 4, 1), date(2019, 4, 30))
WEEK = Span(date(2019, 4, 1), date(2019, 4, 7))
FIRST = APRIL.first


def price(rate_e4, first=FIRST, last=FAR_FUTURE):
    return Dated(first, last, rate_e4)


def contribution(weekly_e4, first=FIRST, last=FAR_FUTURE):
    return DeductionKind.CONTRIBUTION, Dated(first, last, weekly_e4)


def pence(terms, span):
    return {cell.component: [part.net_pence for part in cell.slices] for cell in cells(terms, span)}


def test_days_at_a_price_of_nothing_deduct_nothing():
    """A line item that never happened gets the price 0: £850.00 less £172.30 comes back whole, and no more."""
    terms = Terms(FIRST, prices=(price(8_500_000),), deductions=(contribution(1_723_000),))
    assert pence(terms, WEEK) == {Component.CARE: [85_000], Component.CONTRIBUTION: [-17_230]}
    assert pence(replace(terms, prices=(price(0),)), WEEK) == {Component.CARE: [0]}


def test_a_deduction_stops_on_the_day_from_which_nothing_is_paid():
    prices = (price(8_500_000, last=date(2019, 4, 3)), price(0, date(2019, 4, 4)))
    terms = Terms(FIRST, prices=prices, deductions=(contribution(1_723_000),))
    assert pence(terms, WEEK)[Component.CONTRIBUTION] == [-7_384]  # 172.30 x 3 / 7


def test_a_quantity_of_one_is_no_other_fact_than_none():
    """April at £100.01 from the 5th is 26 days rounded once, £371.47: not 10 days and 16 days apart."""
    terms = Terms(date(2019, 4, 5), prices=(price(1_000_100),))
    one = replace(terms, quantities=(Dated(date(2019, 4, 15), FAR_FUTURE, Quantity(SCALE)),))
    assert pence(one, APRIL) == pence(terms, APRIL) == {Component.CARE: [37_147]}


@pytest.mark.parametrize("order", [1, -1])
def test_adjoining_rows_of_one_contribution_are_one_slice(order):
    """£100.01 a week for April, 30 days: £428.61, whichever row comes first."""
    rows = (contribution(1_000_100, last=date(2019, 4, 10)), contribution(1_000_100, date(2019, 4, 11)))
    terms = Terms(FIRST, prices=(price(8_500_000),), deductions=rows[::order])
    assert pence(terms, APRIL)[Component.CONTRIBUTION] == [-42_861]


@pytest.mark.parametrize(
    ("second", "slices"),
    [
        (contribution(1_000_100, date(2019, 4, 12)), 2),  # a day lies between
        (contribution(1_000_200, date(2019, 4, 11)), 2),  # another rate
        ((DeductionKind.TOP_UP, Dated(date(2019, 4, 11), FAR_FUTURE, 1_000_100)), 1),  # another kind
    ],
)
def test_rows_that_differ_stay_apart(second, slices):
    rows = (contribution(1_000_100, last=date(2019, 4, 10)), second)
    terms = Terms(FIRST, prices=(price(8_500_000),), deductions=rows)
    assert len(pence(terms, APRIL)[Component.CONTRIBUTION]) == slices


@pytest.mark.parametrize("convention", Convention)
def test_the_last_day_of_a_contract_is_paid_and_no_later_one(convention):
    terms = Terms(FIRST, prices=(price(1_000_000),), convention=convention, contract_ends_on=date(2019, 4, 7))
    assert terms.last_payable_on == date(2019, 4, 7)
    assert pence(terms, WEEK) == {Component.CARE: [10_000]}
    assert pence(terms, Span(date(2019, 4, 8), date(2019, 4, 14))) == {}
    assert not terms.is_payable_on(date(2019, 4, 8))


def test_an_item_may_end_before_its_contract():
    terms = Terms(FIRST, date(2019, 4, 3), prices=(price(1_000_000),), contract_ends_on=date(2019, 4, 7))
    assert pence(terms, WEEK) == {Component.CARE: [4_286]}


def test_nights_with_a_quantity_are_units_a_night():
    three = (Dated(FIRST, FAR_FUTURE, Quantity(3 * SCALE)),)
    terms = Terms(FIRST, unit=Unit.NIGHT, prices=(price(1_000_000),), quantities=three)
    assert pence(terms, WEEK) == {Component.CARE: [210_000]}

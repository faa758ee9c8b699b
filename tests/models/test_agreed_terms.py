"""The terms of an agreement on the days at their edges, which both sides include."""

from datetime import date

import pytest

from models.agreed_terms import AgreedPrice, AgreedQuantity, AgreedTerms
from models.pricing import Convention, Unit

FIRST, LAST, BEFORE, AFTER = date(2019, 4, 1), date(2019, 4, 30), date(2019, 3, 31), date(2019, 5, 1)


def terms(last=LAST, part_last=LAST, unit=Unit.WEEK, starts_on=FIRST):
    return AgreedTerms(
        "Care", starts_on, last, unit, Convention.INCLUSIVE, (AgreedPrice(FIRST, part_last, 100_0000),),
        (AgreedQuantity(FIRST, part_last, 2_0000),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "last", "holds"),
    [(BEFORE, LAST, False), (FIRST, LAST, True), (LAST, LAST, True), (AFTER, LAST, False), (AFTER, None, True)],
)
def test_care_is_agreed_from_the_first_day_to_the_last(day, last, holds):
    assert terms(last).holds_on(day) is holds
    assert terms(last, None).week_pence_on(day) == (200_00 if holds else 0)


@pytest.mark.parametrize(
    ("day", "last", "rate", "quantity"),
    [(BEFORE, LAST, 0, 1_0000), (FIRST, LAST, 100_0000, 2_0000), (LAST, LAST, 100_0000, 2_0000),
     (AFTER, LAST, 0, 1_0000), (AFTER, None, 100_0000, 2_0000)],
)  # fmt: skip
def test_a_price_and_a_quantity_hold_from_their_first_day_to_their_last(day, last, rate, quantity):
    found = terms(None, last, starts_on=BEFORE)
    assert (found.rate_on(day), found.quantity_on(day)) == (rate, quantity)


@pytest.mark.parametrize(("unit", "pence"), [(Unit.WEEK, 200_00), (Unit.NIGHT, 1_400_00), (Unit.MONTH, 46_03)])
def test_a_week_of_nights_is_seven_and_of_months_seven_days_of_the_year(unit, pence):
    assert terms(unit=unit).week_pence_on(FIRST) == pence

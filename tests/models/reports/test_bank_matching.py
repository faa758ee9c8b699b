"""Finding payments on a provider's own bank statement."""

from datetime import date, timedelta

import pytest

from models.calendar import Span, as_on
from models.reports.bank_matching import Credit, match
from models.reports.banked import Banked

FRIDAY = date(2019, 10, 4)
DAY = timedelta(days=1)
FIRST, LAST = date(2019, 9, 1), date(2019, 10, 31)


def part(id_: int = 1, pence: int = 100_00, on: date = FRIDAY, **given) -> Banked:
    span = Span(on - 11 * DAY, on - 5 * DAY)
    return Banked(id_, 1, "Oak", given.pop("reference", "741254"), span, on, pence, **given)


def credit(pence: int, on: date = FRIDAY, text: str = "DCC", row: int = 2) -> Credit:
    return Credit(row, on, pence, text)


def found(parts, credits, first=FIRST, last=LAST):
    with as_on(LAST):
        outcome = match(parts, credits, first, last)
    return [(each.part.payment_id, each.found_pence, each.short_pence) for each in outcome.matches], outcome.others


def test_a_credit_of_just_the_sum_is_the_payment_and_is_used_once():
    assert found([part(1), part(2)], [credit(100_00)]) == ([(1, 100_00, 0), (2, 0, 0)], 0)
    assert found([part(1), part(2)], [credit(100_00), credit(100_00, row=3)]) == ([(1, 100_00, 0), (2, 100_00, 0)], 0)


def test_one_credit_may_be_all_that_came_on_a_day():
    assert found([part(1, 70_00), part(2, 30_00)], [credit(100_00)]) == ([(1, 70_00, 0), (2, 30_00, 0)], 0)
    assert found([part(1, 70_00), part(2, 30_00, FRIDAY + 7 * DAY)], [credit(100_00)])[1] == 1


@pytest.mark.parametrize(("days", "is_found"), [(-2, False), (-1, True), (0, True), (5, True), (6, False)])
def test_a_credit_stands_near_its_bank_day(days, is_found):
    matches, others = found([part()], [credit(100_00, FRIDAY + days * DAY)])
    assert (matches[0][1], others) == ((100_00, 0) if is_found else (0, 1))


@pytest.mark.parametrize(
    ("text", "given", "is_found"),
    [
        ("DCC 741254", {}, True),
        ("DCC 7412549", {}, False),
        ("dcc-0012/x", {"bank_reference": "0012"}, True),
        ("from DCC 0012 LTD", {"bank_reference": "DCC 0012"}, True),
        ("nothing of ours", {}, False),
    ],
)
def test_a_smaller_credit_that_names_the_payment_is_short(text, given, is_found):
    matches, others = found([part(**given)], [credit(99_99, text=text)])
    assert (matches, others) == (([(1, 99_99, 1)], 0) if is_found else ([(1, 0, 0)], 1))


def test_a_larger_credit_that_names_the_payment_is_none_of_it():
    assert found([part()], [credit(100_01, text="741254")]) == ([(1, 0, 0)], 1)


def test_what_may_still_be_booked_is_not_called_missing():
    assert found([part()], [], last=FRIDAY + 4 * DAY) == ([], 0)
    assert found([part()], [], last=FRIDAY + 5 * DAY) == ([(1, 0, 0)], 0)


def test_days_that_the_statement_does_not_cover_and_returned_payments_are_left_out():
    assert found([part()], [], first=FRIDAY + DAY) == ([], 0)
    assert found([part()], [credit(100_00)], first=FRIDAY, last=FRIDAY) == ([(1, 100_00, 0)], 0)
    assert found([part()], [credit(100_00)], last=FRIDAY - DAY) == ([], 1)
    assert found([part(is_returned=True)], [credit(100_00)]) == ([], 1)

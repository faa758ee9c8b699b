"""Finding payments on a provider's own bank statement."""

from datetime import date, timedelta

import pytest

from models.calendar import Span, as_on
from models.reports.bank_matching import Credit, Finding, finding_of, match
from models.reports.banked import Banked

FRIDAY = date(2019, 10, 4)
DAY = timedelta(days=1)
FIRST, LAST = date(2019, 9, 1), date(2019, 10, 31)


def part(id_: int = 1, pence: int = 100_00, on: date = FRIDAY, run_id: int = 1, **given) -> Banked:
    span = Span(on - 11 * DAY, on - 5 * DAY)
    return Banked(id_, run_id, "Oak", given.pop("reference", "741254"), span, on, pence, **given)


def credit(pence: int, on: date = FRIDAY, text: str = "DCC", row: int = 2) -> Credit:
    return Credit(row, on, pence, text)


def outcome(parts, credits, first=FIRST, last=LAST):
    with as_on(LAST):
        return match(parts, credits, first, last, payer="Borsetshire Council")


def found(parts, credits, first=FIRST, last=LAST):
    told = outcome(parts, credits, first, last)
    return [(each.part.payment_id, each.found_pence, each.short_pence) for each in told.matches], told.others


def rows(parts, credits):
    """The row of the statement on which each payment is, by the payment's id."""
    return {each.part.payment_id: each.credit and each.credit.row for each in outcome(parts, credits).matches}


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


@pytest.mark.parametrize(
    ("texts", "of_each"),
    [
        (["DCC 741254-318", "DCC 741254-317"], {1: 3, 2: 2}),
        (["DCC 741254 318", "other"], {1: 3, 2: 2}),
        (["741254318/BGC", "other"], {1: 3, 2: 2}),
        (["741254-3180", "other"], {1: 2, 2: 3}),
        (["other", "BORSETSHIRE COUNCIL"], {1: 3, 2: 2}),
        (["other", "Borsetshire, Council 12"], {1: 3, 2: 2}),
        (["other", "BORSETSHIRE COUNCILLORS"], {1: 2, 2: 3}),
        (["BORSETSHIRE COUNCIL", "0042"], {1: 2, 2: 3}),
    ],
)
def test_of_credits_of_one_sum_the_one_that_names_a_payment_best_is_it(texts, of_each):
    """The remittance before the bank's reference and the contract, these before the payer, and that before nothing."""
    two = [part(1, run_id=317), part(2, run_id=318, bank_reference="0042")]
    assert rows(two, [credit(100_00, text=text, row=row) for row, text in enumerate(texts, 2)]) == of_each


def test_the_nearer_credit_counts_only_among_those_that_name_a_payment_alike():
    near, far = credit(100_00, FRIDAY, "other", 2), credit(100_00, FRIDAY + 3 * DAY, "741254-1", 3)
    assert rows([part(1)], [near, far]) == {1: 3}
    assert rows([part(1)], [near, credit(100_00, FRIDAY + 3 * DAY, "other", 3)]) == {1: 2}
    assert rows([part(1)], [credit(100_00, FRIDAY - DAY, "other", 2), credit(100_00, FRIDAY, "other", 3)]) == {1: 3}


def test_a_credit_that_names_another_remittance_is_no_payment_of_this_one():
    assert found([part(1), part(2, 70_00, run_id=2)], [credit(100_00, text="741254-2")])[0] == [(1, 0, 0), (2, 0, 0)]
    earlier = part(2, on=FIRST - DAY, run_id=2)
    assert found([part(1), earlier], [credit(100_00, text="741254-2")]) == ([(1, 0, 0)], 1)


def test_one_credit_may_be_all_of_a_day_and_name_one_of_its_remittances():
    assert rows([part(1, 70_00), part(2, 30_00, run_id=2)], [credit(100_00, text="741254-1")]) == {1: 2, 2: 2}


def test_each_payment_is_received_or_short_or_missing():
    parts = [part(1), part(2, 70_00, run_id=2), part(3, 50_00, run_id=3)]
    told = outcome(parts, [credit(100_00), credit(69_00, text="741254-2", row=3)])
    ids = [[each.part.payment_id for each in some] for some in (told.received, told.short, told.missing)]
    assert ids == [[1], [2], [3]]


def test_one_credit_may_be_all_of_one_remittance_beside_another_of_the_same_day():
    parts = [part(1, 70_00), part(2, 30_00), part(3, 50_00, run_id=2)]
    assert rows(parts, [credit(100_00, text="741254-1")]) == {1: 2, 2: 2, 3: None}
    assert rows(parts, [credit(100_00), credit(50_00, row=3)]) == {1: 2, 2: 2, 3: 3}


def test_the_best_named_of_smaller_credits_is_a_part_of_the_payment_and_then_the_largest():
    small = [credit(99_00, text="741254", row=2), credit(10_00, text="741254-1", row=3)]
    assert found([part()], small) == ([(1, 10_00, 90_00)], 1)
    alike = [credit(10_00, text="741254", row=2), credit(99_00, text="741254", row=3)]
    assert found([part()], alike) == ([(1, 99_00, 1_00)], 1)
    assert found([part()], [credit(99_00, text="Borsetshire Council")]) == ([(1, 0, 0)], 1)


@pytest.mark.parametrize(
    ("given", "days", "finding"),
    [
        ({"received_pence": 100_00}, 0, Finding.RECEIVED),
        ({"received_pence": 99_99}, 0, Finding.SHORT),
        ({}, 4, Finding.NOT_YET),
        ({}, 5, Finding.MISSING),
        ({"is_returned": True}, 5, Finding.RETURNED),
    ],
)
def test_what_was_kept_says_the_same_of_a_payment(given, days, finding):
    assert finding_of(part(**given), FRIDAY + days * DAY) is finding

"""What came to a provider's bank, week by week, and the lines of its own books: the bounds of each sum."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from models.calendar import Span, as_on
from models.payments.payment import ScheduledPayment
from models.payments.run import RunPayment
from models.payments.sent import SentPayment
from models.reports.banked import WEEKS, Banked, Week, banked_between, quarters
from models.reports.ledger_lines import Vat, ledger_lines
from tests.care_factories import make_contract, make_deduction, make_item, make_service_level
from tests.factories import make_provider
from tests.support.debts import AFTER, FIRST, WEEK, owing
from tests.support.rows import reading, unit_of_work
from tests.support.runs import finalise

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(days=1)
SUNDAY = FIRST + 6 * DAY
FRIDAY = SUNDAY + 5 * DAY
"""The bank day of what is finalised on that Sunday."""


def part(on: date = FRIDAY, pence: int = 100_00, **given: Any) -> Banked:
    given = {"run_id": 1} | given
    return Banked(1, given.pop("run_id"), "Oak", "741254", Span(FIRST, SUNDAY), on, pence, **given)


@pytest.mark.parametrize(
    ("given", "days", "state", "is_in_bank"),
    [
        ({}, -1, "On its way", False),
        ({}, 0, "In your bank", True),
        ({"run_id": None}, 0, "Expected", False),
        ({"is_returned": True}, 0, "Returned by the bank", False),
    ],
)
def test_a_payment_is_in_the_bank_from_its_bank_day_unless_it_was_returned(given, days, state, is_in_bank):
    with as_on(FRIDAY + days * DAY):
        assert (part(**given).state, part(**given).is_in_bank) == (state, is_in_bank)


def test_what_was_not_looked_for_is_not_short_and_what_was_found_may_be():
    assert part().short_pence == 0
    assert part(received_pence=99_99).short_pence == 1
    assert part(received_pence=100_00).short_pence == 0


def test_a_week_adds_up_what_came_and_what_is_expected_and_leaves_out_what_was_returned():
    week = Week(FIRST, (part(), part(FRIDAY + DAY, 30_00, taken_pence=5_00), part(pence=7_00, is_returned=True)))
    with as_on(FRIDAY):
        assert (week.pence, week.received_pence, week.expected_pence, week.taken_pence) == (130_00, 100_00, 30_00, 5_00)
    assert week.span == Span(FIRST, SUNDAY)


def paid(**given: Any):
    """£100.00 a week less £10.00, and £50.00 with VAT: paid twice, on two Fridays."""
    contract = make_contract(calculate_from=FIRST, **given)
    make_deduction(make_item(contract, 1_000_000, starts_on=FIRST), 100_000)
    level = make_service_level(vat_basis_points=2_000, vat_code="standard")
    make_item(contract, 500_000, starts_on=FIRST, service_level_id=level.id)
    finalise(SUNDAY)
    finalise(SUNDAY + WEEK)
    return contract


def bank_tells(contract, **given: Any) -> None:
    """Of its first payment."""
    first = select(RunPayment).join(ScheduledPayment).where(ScheduledPayment.first_on == FIRST)
    with unit_of_work() as session:
        session.execute(delete(SentPayment))
        mine = session.scalars(first.where(ScheduledPayment.contract_id == contract.id)).one()
        session.add(
            SentPayment(
                provider_id=mine.provider_id, contract_id=contract.id, payment_id=mine.payment_id, run_id=mine.run_id,
                period_first_on=FIRST, amount_pence=mine.paid_pence, sent_on=SUNDAY + DAY, **given,
            )
        )  # fmt: skip


def between(contract, first: date, last: date) -> list[tuple[date, int]]:
    with reading():
        return [(each.bank_on, each.pence) for each in banked_between(contract.provider_id, first, last)]


@pytest.mark.postgres
def test_the_days_that_are_asked_for_are_taken_in_and_other_providers_left_out():
    contract, other = paid(), make_contract(make_provider(), calculate_from=FIRST)
    make_item(other, 70_000, starts_on=FIRST)
    finalise(SUNDAY + WEEK)
    assert between(contract, FRIDAY, FRIDAY + WEEK) == [(FRIDAY, 150_00), (FRIDAY + WEEK, 150_00)]
    assert between(contract, FRIDAY + DAY, FRIDAY + WEEK - DAY) == []
    bank_tells(contract, in_bank_on=FRIDAY - DAY)
    assert between(contract, FRIDAY - DAY, FRIDAY) == [(FRIDAY - DAY, 150_00)]


def test_a_quarter_goes_from_monday_to_sunday_thirteen_weeks_either_way():
    contract = paid()
    for today, place in ((FRIDAY, WEEKS), (FRIDAY + 2 * DAY, WEEKS), (FRIDAY + 3 * DAY, WEEKS - 1)):
        with as_on(today), reading(contract.provider_id):
            found = quarters(contract.provider_id)
            assert [number for number, week in enumerate(found.weeks) if week.received_pence] == [place]
        assert len(found.past) == len(found.next) == WEEKS
    with as_on(FRIDAY + WEEKS * WEEK), reading(contract.provider_id):
        assert quarters(contract.provider_id).received_pence == 300_00
    with as_on(FRIDAY + WEEKS * WEEK + 3 * DAY), reading(contract.provider_id):
        assert quarters(contract.provider_id).received_pence == 150_00


def test_what_was_taken_for_a_debt_stands_beside_what_came():
    contract = owing(30_00)
    finalise(SUNDAY + WEEK)
    with as_on(FRIDAY + WEEK), reading(contract.provider_id):
        found = quarters(contract.provider_id)
    assert (found.taken_before_pence, found.to_be_taken_pence, found.received_pence) == (30_00, 0, 70_00)
    assert AFTER == FIRST + WEEK


def lines(contract, first: date = FRIDAY, last: date = FRIDAY + WEEK) -> list[tuple[date, int, int, str]]:
    with reading():
        found = ledger_lines(contract.provider_id, first, last)
    return [(line.bank_on, line.net_pence, line.vat_pence, line.vat.value) for line in found]


OF_A_WEEK = [(100_00, 0, Vat.EXEMPT), (50_00, 10_00, Vat.STANDARD), (-10_00, 0, Vat.NONE)]


@pytest.mark.postgres
def test_each_line_of_the_books_has_the_vat_of_its_care_and_the_run_that_paid_it():
    contract = paid()
    of_each = [[row[1:] for row in lines(contract) if row[0] == day] for day in (FRIDAY, FRIDAY + WEEK)]
    assert [sorted(rows) for rows in of_each] == [sorted((*row[:2], row[2].value) for row in OF_A_WEEK)] * 2
    assert lines(contract, FRIDAY + DAY, FRIDAY + WEEK - DAY) == []
    assert {row[0] for row in lines(contract, FRIDAY, FRIDAY)} == {FRIDAY}
    assert lines(make_contract()) == []


def test_what_the_bank_returned_is_in_no_books_until_it_is_paid_again():
    contract = paid()
    bank_tells(contract, returned_on=FRIDAY)
    assert {row[0] for row in lines(contract)} == {FRIDAY + WEEK}
    bank_tells(contract, returned_on=FRIDAY, paid_again_on=FRIDAY + 3 * DAY)
    assert {row[0] for row in lines(contract)} == {FRIDAY + 3 * DAY, FRIDAY + WEEK}


def test_a_payment_that_paid_nothing_is_in_no_books():
    contract = owing(300_00)
    finalise(SUNDAY + WEEK)
    assert lines(contract, FIRST, FIRST + 8 * WEEK) == []

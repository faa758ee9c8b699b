"""What a run takes back and leaves owed, on a database: the figures of the office's own cases, week by week.

Weeks begin on Monday 1 April 2019 and are finalised on their Sundays.
"""

from datetime import date, timedelta

import pytest

from models.calendar import as_on
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.confirmation import AnswerState
from models.payments.hold import Hold, HoldKind
from models.payments.standing import standing_of
from models.records.care_package import Absence, ItemPrice
from tests.care_factories import make_absence, make_calendar, make_client, make_contract, make_deduction, make_item
from tests.factories import make_user
from tests.support.rows import every, reading, saved
from tests.support.runs import (
    answered,
    banked,
    calculate,
    change,
    finalise,
    finalise_weeks,
    lines,
    orders,
    owed,
    payment,
)

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 4, 1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SUNDAYS = [MONDAY + 6 * DAY + n * WEEK for n in range(6)]


def contract_of_weeks(**given):
    return make_contract(calculate_from=MONDAY, **given)


def plan(contract, pence):
    saved(RecoveryPlan(provider_id=contract.provider_id, contract_id=contract.id, per_payment_pence=pence))


def adjust(contract, item, pence, **given):
    saved(
        Adjustment(
            provider_id=contract.provider_id, contract_id=contract.id, client_id=item.client_id, for_day=MONDAY,
            amount_pence=pence, reason="Put right", created_by_id=make_user().id, **given,
        )
    )  # fmt: skip


def stands(contract, first_on, day):
    with as_on(day), reading():
        return standing_of(payment(contract, first_on))


def drafts(contract):
    return sorted(line.total_pence for line in lines(contract) if line.run_id is None)


def test_a_total_below_nothing_stays_what_it_is_and_asks_for_no_confirmation():
    """£100.00 and an adjustment of -£300.00, confirmation required, hold: the total is -£200.00 and stays so."""
    contract = contract_of_weeks(
        calendar=make_calendar(confirm_by_days=3), confirmation="required", if_unconfirmed="hold"
    )
    item = make_item(contract, rate_e4=1_000_000)
    adjust(contract, item, -30_000)
    for day in (MONDAY, MONDAY, MONDAY + 4 * DAY):
        calculate(day)
        found = payment(contract, MONDAY)
        with as_on(day):
            assert (found.total_pence, found.answer_state) == (-20_000, AnswerState.NOT_NEEDED)
    told = stands(contract, MONDAY, MONDAY)
    assert (told.bank_pence, told.added_pence, told.kept) == (0, 20_000, None)
    finalise(SUNDAYS[0])
    assert (banked(contract), owed(contract)) == ([0], 20_000)


def test_a_rejection_holds_what_is_below_nothing_and_the_next_week_is_paid_whole():
    """Week 3 is +£100.00 - £300.00 and rejected; week 4 is +£100.00: a held recovery takes nothing from it."""
    contract = contract_of_weeks(confirmation="optional")
    item = make_item(contract, rate_e4=1_000_000)
    finalise_weeks(MONDAY, SUNDAYS[1])
    third = MONDAY + 2 * WEEK
    adjust(contract, item, -30_000)
    calculate(third)
    change(payment(contract, third), **answered("rejected", -20_000))
    finalise(SUNDAYS[2])
    finalise(SUNDAYS[3])
    assert (banked(contract), owed(contract)) == ([10_000, 10_000, 10_000], 0)


def test_contributions_that_were_never_paid_before_are_no_recovery():
    """£850.00 less £172.30 a week, authorised three weeks late, beside £50.00 a week, plan £50.00: £2,760.80."""
    contract = contract_of_weeks()
    make_item(contract, rate_e4=500_000, starts_on=MONDAY)
    plan(contract, 5_000)
    late = make_item(contract, rate_e4=8_500_000, starts_on=MONDAY, authorised_on=None)
    make_deduction(late, 1_723_000)
    finalise_weeks(MONDAY, SUNDAYS[2])
    change(late, authorised_on=SUNDAYS[2] + DAY)
    finalise(SUNDAYS[3])
    assert (banked(contract), owed(contract)) == ([5_000, 5_000, 5_000, 276_080], 0)


def test_a_plan_holds_in_a_payment_that_is_partly_finalised():
    """A line of -£40.00 in a week of which something is finalised, plan £10.00: £10.00 is taken, £30.00 owed."""
    contract = contract_of_weeks()
    paid = make_item(contract, rate_e4=1_000_000, starts_on=MONDAY)
    kept = make_item(contract, rate_e4=500_000, starts_on=MONDAY, client=make_client())
    calculate(MONDAY)
    order = next(each for each in orders(contract) if each.client_id == kept.client_id)
    hold = saved(
        Hold(
            provider_id=contract.provider_id, payment_id=payment(contract, MONDAY).id, purchase_order_id=order.id,
            kind=HoldKind.OFFICER, reason="Asked about",
        )
    )  # fmt: skip
    finalise(SUNDAYS[0])
    plan(contract, 1_000)
    change(every(ItemPrice)[0], rate_e4=600_000)
    change(hold, released_at=hold.placed_at, released_by_id=make_user().id, release_reason="It is right")
    calculate(SUNDAYS[0] + DAY)
    assert [line.total_pence for line in lines(contract) if line.item_id == paid.id and line.run_id is None][
        0
    ] == -4_000
    finalise(SUNDAYS[0] + DAY)
    assert (banked(contract), owed(contract)) == ([10_000, 4_000], 3_000)


def test_a_line_item_that_never_happened_under_a_plan():
    """£677.70 was paid; at the price 0, beside a next payment of £100.00 and a plan of £50.00: £50.00, £627.70 owed."""
    contract = contract_of_weeks()
    never = make_item(contract, rate_e4=8_500_000, starts_on=MONDAY)
    make_deduction(never, 1_723_000)
    finalise(SUNDAYS[0])
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY + WEEK)
    plan(contract, 5_000)
    change(next(price for price in every(ItemPrice) if price.item_id == never.id), rate_e4=0)
    finalise(SUNDAYS[1])
    assert (banked(contract), owed(contract)) == ([67_770, 5_000], 62_770)


def test_an_item_that_is_replaced_for_the_same_days_is_netted():
    """£100.00 replaced by £110.00, beside this week's £110.00, plan £10.00: £120.00 is paid, nothing owed."""
    contract, client = contract_of_weeks(), make_client()
    old = make_item(contract, rate_e4=1_000_000, starts_on=MONDAY, client=client)
    finalise(SUNDAYS[0])
    plan(contract, 1_000)
    change(every(ItemPrice)[0], rate_e4=0)
    make_item(contract, rate_e4=1_100_000, starts_on=MONDAY, client=client)
    finalise(SUNDAYS[1])
    assert old.client_id == client.id
    assert (banked(contract), owed(contract)) == ([10_000, 12_000], 0)


def test_an_absence_that_moves_to_another_paid_week_is_netted():
    contract = contract_of_weeks()
    item = make_item(contract, rate_e4=700_000, starts_on=MONDAY)
    make_absence(item, MONDAY, MONDAY + 6 * DAY)
    finalise_weeks(MONDAY, SUNDAYS[1])
    assert banked(contract) == [0, 7_000]
    plan(contract, 1_000)
    change(every(Absence)[0], starts_on=MONDAY + WEEK, ends_on=MONDAY + WEEK + 6 * DAY)
    calculate(SUNDAYS[1] + DAY)
    assert drafts(contract) == [-7_000, 7_000, 7_000]
    finalise(SUNDAYS[2])
    assert (banked(contract), owed(contract)) == ([0, 7_000, 7_000], 0)


def test_what_happened_after_all_goes_to_the_debt_first():
    """£850.00 that never happened (plan £50.00), then did after all with £750.00 owed: nothing owed, £150.00 paid."""
    contract, client = contract_of_weeks(), make_client()
    item = make_item(contract, rate_e4=8_500_000, starts_on=MONDAY, ends_on=MONDAY + 6 * DAY, client=client)
    finalise(SUNDAYS[0])
    make_item(contract, rate_e4=500_000, starts_on=MONDAY + WEEK)
    plan(contract, 5_000)
    price = next(price for price in every(ItemPrice) if price.item_id == item.id)
    change(price, rate_e4=0)
    finalise_weeks(MONDAY + WEEK, SUNDAYS[2])
    assert (banked(contract), owed(contract)) == ([85_000, 0, 0], 75_000)
    change(price, rate_e4=8_500_000)
    finalise(SUNDAYS[3])
    assert (banked(contract), owed(contract)) == ([85_000, 0, 0, 15_000], 0)

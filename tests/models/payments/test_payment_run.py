"""Calculating and finalising on a database: what is paid, when, and that what is paid never changes."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from models.base import transaction
from models.calendar import Frequency, as_on
from models.payments import officer
from models.payments.confirmation import Processing
from models.payments.payment import ScheduledPayment
from models.pricing import Unit
from models.reports.projection import tell_expected
from tests.care_factories import (
    make_allowance,
    make_calendar,
    make_claim_item,
    make_client,
    make_contract,
    make_deduction,
    make_item,
    make_method,
    make_price,
    make_quantity,
    make_service_level,
)
from tests.factories import make_user
from tests.support.rows import every, reloaded, saved, unit_of_work
from tests.support.runs import banked, calculate, change, finalise, finalise_weeks, lines, orders, owed, payment, rows

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def contract_from(day=MONDAY, **given):
    return make_contract(calculate_from=day, **given)


def test_a_week_is_calculated_as_draft_and_finalised_on_its_day():
    contract = contract_from()
    make_item(contract)
    calculate(MONDAY)
    found = payment(contract, MONDAY)
    assert (found.total_pence, found.closed_run_id) == (35_308, None)
    finalise(MONDAY + 5 * DAY)
    assert payment(contract, MONDAY).closed_run_id is None
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).processing is Processing.FINALISED


def test_a_second_calculation_changes_nothing():
    contract = contract_from()
    make_item(contract)
    finalise_weeks(MONDAY, MONDAY + 4 * WEEK)
    calculate(MONDAY + 5 * WEEK)
    before = [(x.payment_id, x.first_on, x.net_pence, x.run_id) for x in lines(contract)]
    revisions = [order.reference for order in orders(contract)]
    calculate(MONDAY + 5 * WEEK)
    assert [(x.payment_id, x.first_on, x.net_pence, x.run_id) for x in lines(contract)] == before
    assert [order.reference for order in orders(contract)] == revisions


def test_late_authorisation_is_caught_up_in_the_next_payment():
    contract = contract_from()
    make_item(contract, rate_e4=3_030_300, starts_on=MONDAY + 4 * DAY, authorised_on=MONDAY + 14 * DAY)
    finalise_weeks(MONDAY, MONDAY + 13 * DAY)
    assert payment(contract, MONDAY + WEEK).total_pence == 0
    finalise(MONDAY + 20 * DAY)
    [row] = rows(contract, MONDAY + 2 * WEEK)
    assert row.total_pence == 73_593
    assert [s.net_pence for s in row.sentences] == [30_303, 43_290]
    assert row.sentences[1].text == "10 days, 6 to 15 September, not paid before, £303.03 a week (£43.29 a day)"


def test_what_waits_for_authorisation_is_said_and_not_paid():
    contract = contract_from()
    make_item(contract, authorised_on=None)
    calculate(MONDAY + WEEK)
    assert payment(contract, MONDAY).waiting_pence == 35_308
    assert payment(contract, MONDAY).total_pence == 0
    assert orders(contract) == []


def test_what_waits_moves_on_when_its_period_is_finalised():
    contract = contract_from()
    make_item(contract)
    make_item(contract, authorised_on=None, rate_e4=1_000_000)
    finalise(MONDAY + 6 * DAY)
    assert (payment(contract, MONDAY).total_pence, payment(contract, MONDAY).waiting_pence) == (35_308, 0)
    calculate(MONDAY + WEEK)
    assert payment(contract, MONDAY).waiting_pence == 0
    assert payment(contract, MONDAY + WEEK).waiting_pence == 20_000


def test_hours_to_come_are_told_together():
    contract = contract_from()
    item = make_item(contract, rate_e4=231_000, service_level_id=make_service_level(unit=Unit.HOUR).id)
    make_quantity(item, 55_000, timetable_e4=[20_000, 0, 20_000, 0, 0, 15_000, 0])
    calculate(MONDAY)
    [order] = orders(contract)
    [told] = tell_expected(order.expected)
    assert told.text.endswith(
        ": 167 hours, 2 September 2019 to 31 March 2020, £23.10 an hour, each payment rounded by itself"
    )
    assert told.net_pence == order.value_pence == 385_770


def test_a_state_takes_no_money_back():
    contract = contract_from()
    item = make_item(contract)
    finalise_weeks(MONDAY, MONDAY + 13 * DAY)
    change(item, is_suspended=True)
    calculate(MONDAY + 2 * WEEK)
    assert [line.net_pence for line in lines(contract)] == [35_308, 35_308]
    assert payment(contract, MONDAY + 2 * WEEK).waiting_pence == 35_308
    [order] = orders(contract)
    assert order.value_pence == order.spend_pence == 70_616


def test_an_uplift_backdated_over_twelve_paid_weeks_is_one_difference_traceable_to_each():
    contract = contract_from(date(2019, 4, 1))
    item = make_item(contract, rate_e4=8_725_000)
    finalise_weeks(date(2019, 4, 1), date(2019, 6, 23))
    price = make_price(item, 9_152_500, starts_on=date(2019, 4, 1))
    change(price_of(item, 8_725_000), ends_on=date(2019, 3, 31))
    assert price.rate_e4 == 9_152_500
    finalise(date(2019, 6, 30))
    [row] = rows(contract, date(2019, 6, 24))
    assert row.total_pence == 91_525 + 51_300
    correction = next(s for s in row.sentences if s.is_earlier)
    assert correction.net_pence == 51_300
    assert correction.text == "Correction for 1 April to 23 June: £10,983.00 is due, and £10,470.00 was paid before"
    assert [part.pence for part in correction.parts] == [4_275] * 12
    assert correction.parts[0].text == "1 to 7 April: £915.25 is due, and £872.50 was paid before"


def price_of(item, rate_e4):
    from models.records.care_package import ItemPrice

    return next(price for price in every(ItemPrice) if price.item_id == item.id and price.rate_e4 == rate_e4)


def test_a_child_who_left_is_recovered_and_a_recovery_larger_than_the_payment_is_carried_forward():
    contract = contract_from(date(2019, 9, 2))
    leaver = make_item(contract, rate_e4=3_030_300)
    make_item(contract, rate_e4=3_530_800)
    finalise_weeks(date(2019, 9, 2), date(2019, 9, 29))
    change(leaver, ends_on=date(2019, 9, 12))
    finalise(date(2019, 10, 6))
    found = rows(contract, date(2019, 9, 30))
    recovery = next(row for row in found if row.net_pence == -73_593)
    assert recovery.sentences[0].text.startswith("Recovery for 9 to 29 September: £173.16 is due, and £909.09 was paid")
    assert payment(contract, date(2019, 9, 30)).total_pence == 35_308 - 73_593
    [carried] = [line.net_pence for line in lines(contract) if line.purchase_order_id is None]
    assert carried == owed(contract) == 73_593 - 35_308
    finalise(date(2019, 10, 13))
    assert payment(contract, date(2019, 10, 7)).total_pence == 35_308
    finalise(date(2019, 10, 20))
    assert banked(contract)[4:] == [0, 0, 3 * 35_308 - 73_593]
    assert owed(contract) == 0


def test_nothing_is_paid_of_a_debt_alone():
    contract = contract_from()
    leaver = make_item(contract)
    finalise_weeks(MONDAY, MONDAY + 13 * DAY)
    change(leaver, ends_on=MONDAY + 6 * DAY)
    finalise(MONDAY + 20 * DAY)
    assert banked(contract)[2:] == [0]
    finalise(MONDAY + 27 * DAY)
    assert rows(contract, MONDAY + 3 * WEEK) == []


def test_a_contribution_that_is_assessed_later_makes_one_difference():
    calendar = make_calendar(Frequency.FOUR_WEEKLY, anchor_on=MONDAY)
    contract = contract_from(calendar=calendar)
    item = make_item(contract, rate_e4=8_500_000)
    minimum = make_deduction(item, 1_000_000, is_assessed=False)
    finalise(MONDAY + 27 * DAY)
    assert payment(contract, MONDAY).total_pence == 300_000
    change(minimum, weekly_rate_e4=1_723_000, is_assessed=True)
    calculate(MONDAY + 28 * DAY)
    differences = [line for line in lines(contract) if line.run_id is None and line.first_on == MONDAY]
    assert [line.net_pence for line in differences] == [-28_920]


def test_a_gross_contract_deducts_what_the_provider_collects_and_no_contribution():
    contract = contract_from(basis="gross")
    item = make_item(contract, rate_e4=8_500_000)
    make_deduction(item, 1_723_000)
    make_deduction(item, 600_000, kind="top_up")
    make_deduction(item, 500_000, kind="nursing", collected_by="council")
    calculate(MONDAY)
    assert payment(contract, MONDAY).total_pence == 85_000 - 6_000


def test_an_allowance_is_paid_in_the_period_that_holds_its_day():
    contract = contract_from()
    item = make_item(contract, ends_on=MONDAY + 13 * DAY)
    make_allowance(item, MONDAY + 8 * DAY)
    make_allowance(item, MONDAY + 14 * DAY)  # not a day on which the item is paid
    finalise_weeks(MONDAY, MONDAY + 3 * WEEK)
    totals = [payment(contract, MONDAY + n * WEEK).total_pence for n in range(3)]
    assert totals == [35_308, 35_308 + 18_602, 0]


@pytest.mark.covers("S4-189")
def test_an_accepted_claim_is_paid_in_the_current_payment_and_has_an_order_of_its_own():
    contract = contract_from()
    make_item(contract)
    make_claim_item(contract, 6_400, decided_on=MONDAY + 8 * DAY, spent_on=MONDAY - 30 * DAY)
    finalise(MONDAY + 6 * DAY)
    calculate(MONDAY + 7 * DAY)
    assert payment(contract, MONDAY + WEEK).total_pence == 35_308
    calculate(MONDAY + 8 * DAY)
    assert payment(contract, MONDAY + WEEK).total_pence == 35_308 + 6_400
    assert [order.title for order in orders(contract)][0] == "One-Off Claims - 2019/2020"


def test_a_changed_decision_on_a_paid_claim_is_a_difference():
    contract = contract_from()
    make_item(contract)
    claim = make_claim_item(contract, 6_400, decided_on=MONDAY)
    finalise(MONDAY + 6 * DAY)
    change(claim, accepted_pence=5_000)
    calculate(MONDAY + WEEK)
    assert payment(contract, MONDAY + WEEK).total_pence == 35_308 - 1_400


def test_days_before_calculate_from_are_never_paid():
    contract = contract_from(MONDAY + 2 * DAY)
    make_item(contract, rate_e4=7_000_000)
    calculate(MONDAY + 6 * DAY)
    found = payment(contract, MONDAY + 2 * DAY)
    assert (found.last_on, found.total_pence) == (MONDAY + 6 * DAY, 50_000)


def test_the_first_of_april_divides_a_week_between_two_years_of_orders():
    contract = contract_from(date(2020, 3, 30))
    make_item(contract, rate_e4=1_000_000)
    finalise(date(2020, 4, 5))
    assert payment(contract, date(2020, 3, 30)).total_pence == 10_000
    assert [orders(contract, year)[0].spend_pence for year in (2019, 2020)] == [2_857, 7_143]


@pytest.mark.covers("S4-188")
def test_an_order_is_worth_what_is_finalised_and_what_is_still_due_this_year():
    contract = contract_from(date(2019, 9, 30))
    item = make_item(contract, rate_e4=3_530_800)
    make_allowance(item, date(2019, 12, 16))
    finalise(date(2019, 10, 6))
    [order] = orders(contract)
    assert order.spend_pence == 35_308
    assert order.value_pence == 184 * 5_044 + 18_602
    assert sum(row.amount.net_pence for row in order.expected) == order.remaining_pence


def test_a_change_of_value_is_a_new_revision_and_nothing_else_is():
    contract = contract_from(date(2019, 9, 30))
    item = make_item(contract)
    finalise_weeks(date(2019, 9, 30), date(2019, 10, 20))
    [order] = orders(contract)
    assert order.revision == 1
    change(item, ends_on=date(2019, 11, 3))
    calculate(date(2019, 10, 21))
    [order] = orders(contract)
    assert (order.revision, order.issued_on) == (2, date(2019, 10, 21))
    assert order.value_pence == 5 * 35_308
    assert [each.revision for each in order.revisions] == [2, 1]


def test_the_database_refuses_to_change_or_remove_a_finalised_line():
    contract = contract_from()
    make_item(contract)
    finalise(MONDAY + 6 * DAY)
    [line] = [line for line in lines(contract) if line.run_id]
    for statement in ("UPDATE payment_line SET net_pence = 1", "DELETE FROM payment_line"):
        with pytest.raises(sa.exc.DBAPIError, match="finalised"), transaction() as session:
            session.connection().exec_driver_sql(f"{statement} WHERE id = {line.id}")
    assert reloaded(line).net_pence == line.net_pence


def test_when_every_period_of_an_ended_contract_is_closed_a_correction_finds_a_later_one():
    contract = contract_from(ends_on=MONDAY + 6 * DAY)
    change(method_of(contract), ends_on=MONDAY + 6 * DAY)
    item = make_item(contract, rate_e4=7_000_000)
    finalise(MONDAY + 6 * DAY)
    change(price_of(item, 7_000_000), rate_e4=7_700_000)
    finalise(MONDAY + 13 * DAY)
    assert payment(contract, MONDAY + WEEK).total_pence == 7_000
    calculate(MONDAY + 27 * DAY)
    assert sum(line.net_pence for line in lines(contract)) == 77_000


def method_of(contract):
    from models.records.contract import PaymentMethod

    return next(method for method in every(PaymentMethod) if method.contract_id == contract.id)


def test_ending_a_method_and_beginning_another_replaces_the_periods_that_have_not_begun():
    contract = contract_from()
    make_item(contract, rate_e4=7_000_000)
    finalise(MONDAY + 6 * DAY)
    calculate(MONDAY + WEEK)
    change(method_of(contract), ends_on=MONDAY + 6 * DAY)
    make_method(contract, make_calendar(Frequency.FOUR_WEEKLY, anchor_on=MONDAY + WEEK), MONDAY + WEEK)
    calculate(MONDAY + WEEK)
    found = payment(contract, MONDAY + WEEK)
    assert (found.last_on, found.total_pence) == (MONDAY + 5 * WEEK - DAY, 280_000)
    assert payment(contract, MONDAY + 2 * WEEK) is None
    assert payment(contract, MONDAY).total_pence == 70_000


def test_a_bank_holiday_that_is_announced_late_leaves_closed_payments_as_they_were():
    from models.records.contract import Calendar, CalendarOverride

    contract = contract_from()
    make_item(contract)
    finalise(MONDAY + 6 * DAY)
    bank_on = payment(contract, MONDAY).bank_on
    [calendar] = every(Calendar)
    for first_on in (MONDAY, MONDAY + WEEK):
        saved(CalendarOverride(calendar_id=calendar.id, period_first_on=first_on, bank_on=first_on + 20 * DAY))
    calculate(MONDAY + WEEK)
    assert payment(contract, MONDAY).bank_on == bank_on
    assert payment(contract, MONDAY + WEEK).bank_on == MONDAY + WEEK + 20 * DAY


def test_a_payment_is_closed_when_nothing_of_it_is_left():
    """Its other row was held, and came to nothing: otherwise it would be partly finalised, and take in, for ever."""
    contract = contract_from()
    make_item(contract)
    leaves = make_item(contract, client=make_client(surname="Cole"))
    calculate(MONDAY)
    [order] = [each for each in orders(contract) if each.client_id == leaves.client_id]
    on_duty = make_user()
    with as_on(MONDAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.hold(found, by=on_duty, reason="Did she come?", order_id=order.id)
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).processing is Processing.PARTLY_FINALISED
    change(leaves, ends_on=leaves.starts_on)
    finalise(MONDAY + 7 * DAY)
    found = payment(contract, MONDAY)
    assert (found.processing, found.total_pence) == (Processing.FINALISED, 35_308)

"""What a death, a hospital stay or a leaver would change in payments, to the penny, with nothing written."""

from datetime import date

import pytest
from sqlalchemy import select

from models.calendar import as_on
from models.correspondence.action_type import ActionType, CareEvent
from models.correspondence.event_preview import preview
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.what_if import away, ends, what_if
from tests.care_factories import make_absence, make_contract, make_deduction, make_item
from tests.support import runs
from tests.support.rows import every, reading

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2026, 6, 8)
WEDNESDAY = date(2026, 6, 10)


def found(item, change, day=WEDNESDAY):
    with as_on(day), reading(item.provider_id):
        return what_if(item.provider_id, item.client_id, change)


def test_a_death_paid_three_days_on_with_a_contribution_that_ends_with_it():
    item = make_item(make_contract(calculate_from=MONDAY), rate_e4=8_500_000, starts_on=MONDAY)
    make_deduction(item, 1_723_000)
    week, *_ = found(item, ends(date(2026, 6, 13), WEDNESDAY)).payments
    assert (week.span.first, week.now_pence, week.then_pence) == (MONDAY, 67_770, 65_473)
    assert not every(select(ScheduledPayment))


def test_what_was_paid_for_days_after_it_comes_back_and_nothing_is_written():
    item = make_item(make_contract(calculate_from=MONDAY), rate_e4=7_000_000, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2026, 6, 21))
    before = [(each.id, each.net_pence) for each in every(select(PaymentLine).order_by(PaymentLine.id))]
    then = found(item, ends(date(2026, 6, 17), date(2026, 6, 17)), date(2026, 6, 24))
    assert then.back_pence == 40_000
    first, second, *_ = then.payments
    assert (first.span.first, first.now_pence, first.then_pence) == (date(2026, 6, 22), 70_000, -40_000)
    assert (second.now_pence, second.then_pence) == (70_000, 0)
    assert [(each.id, each.net_pence) for each in every(select(PaymentLine).order_by(PaymentLine.id))] == before


def test_days_in_hospital_are_paid_as_the_rule_says_and_known_absences_stay():
    item = make_item(make_contract(calculate_from=MONDAY), rate_e4=7_000_000, starts_on=MONDAY)
    make_absence(item, WEDNESDAY, WEDNESDAY, 100)
    [week] = found(item, away(date(2026, 6, 9), date(2026, 6, 12), 50)).payments
    assert (week.now_pence, week.then_pence) == (70_000, 55_000)


def test_another_client_of_the_contract_changes_nothing():
    contract = make_contract(calculate_from=MONDAY)
    item, other = (make_item(contract, rate_e4=7_000_000, starts_on=MONDAY) for _ in range(2))
    week, *_ = found(item, ends(WEDNESDAY, WEDNESDAY)).payments
    assert (week.now_pence, week.then_pence) == (140_000, 100_000)
    assert other.client_id != item.client_id


def test_the_preview_says_it_in_a_sentence():
    item = make_item(make_contract(calculate_from=MONDAY), rate_e4=7_000_000, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2026, 6, 21))
    death = ActionType(event=CareEvent.DEATH, days_paid=3, pay_percent=None)
    with as_on(date(2026, 6, 24)), reading(item.provider_id):
        told = preview(death, item.provider_id, item.client_id, date(2026, 6, 14), None)
    assert told.sentences == ("No fee from 18 June 2026: £400.00 that was paid comes back.",)
    assert told.rows[0][1:] == ("22 Jun to 28 Jun 2026", 70_000, -40_000)


@pytest.mark.parametrize(
    ("back_on", "says"),
    [
        (WEDNESDAY, "Back on the same day, so no day is away: no payment changes."),
        (date(2026, 6, 11), "No fee from 10 June 2026 to 10 June 2026: £100.00 that was paid comes back."),
    ],
)
def test_the_day_of_coming_back_is_no_day_away(back_on, says):
    item = make_item(make_contract(calculate_from=MONDAY), rate_e4=7_000_000, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2026, 6, 21))
    hospital = ActionType(event=CareEvent.HOSPITAL, days_paid=None, pay_percent=None)
    with as_on(date(2026, 6, 24)), reading(item.provider_id):
        told = preview(hospital, item.provider_id, item.client_id, WEDNESDAY, back_on)
    assert told.sentences == (says,)


def test_a_deduction_that_begins_on_the_last_day_is_taken_off_for_that_day():
    item = make_item(make_contract(calculate_from=MONDAY), rate_e4=7_000_000, starts_on=MONDAY)
    make_deduction(item, 700_000, starts_on=WEDNESDAY)
    week, *_ = found(item, ends(WEDNESDAY, WEDNESDAY)).payments
    assert (week.now_pence, week.then_pence) == (65_000, 29_000)

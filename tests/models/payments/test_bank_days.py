"""The day on which the money of a payment is in the bank: one rule, and everything that says a day says that one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from exchange.downloads.schedule import schedule_data, schedule_events
from models import verify
from models.bank_holiday import BankHoliday, add, take_off, working_days
from models.base import scope, session
from models.calendar import BankDayRule, FinancialYear, as_on
from models.outbox import OutboxMessage
from models.payments import day_moves
from models.payments.day_move import moved_days_of
from models.payments.payment import ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.run import RunPayment
from models.payments.run_history import spend_on
from models.portal import current_portal
from models.records.contract import CalendarOverride, PaymentMethod
from models.records.schedule import Occasion, contracts, periods_of
from models.reports.tracker import parts_of
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_staff
from tests.support.database import connect, make_tables
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import calculate, finalise, orders, payment
from tests.support.states import MONDAY, SUNDAY, TUESDAY, office

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

BANK = date(2019, 10, 11)  # the bank day of tests/support/states.py, a Friday
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def contract_of(first_on, **days):
    """Weekly from that Monday; the days are counted from it."""
    contract = make_contract(calendar=make_calendar(anchor_on=first_on, **days), calculate_from=first_on)
    make_item(contract, starts_on=first_on)
    return contract


def calendar_of(contract):
    return every(select(PaymentMethod.calendar_id).where(PaymentMethod.contract_id == contract.id))[0]


def told(contract, first_on):
    """What the payment, the schedule, its table and its diary say of the bank day."""
    with reading():
        [found] = [each for each in session.scalars(contracts()) if each.id == contract.id]
        own = periods_of(found, FinancialYear.of(first_on), moved_days_of(contract.id))
        period = [each for each in own if each.span.first == first_on]
        deadline = period[0].deadlines[Occasion.BANK]
        _, row = schedule_data(period)
        event = next(each for each in schedule_events(period, "example.org") if each.uid.endswith("bank@example.org"))
    return {payment(contract, first_on).bank_on, deadline.on, row[6], event.on}, (deadline, row[7], event.description)


CASES = {
    "a Sunday": (date(2019, 9, 30), 13, date(2019, 10, 11), date(2019, 10, 14), False),
    "a Good Friday": (date(2019, 4, 8), 11, date(2019, 4, 18), date(2019, 4, 23), True),
    "the other Good Friday": (date(2020, 3, 30), 11, date(2020, 4, 9), date(2020, 4, 14), True),
    "Christmas": (date(2020, 12, 14), 14, date(2020, 12, 24), date(2020, 12, 29), True),
    "a working day": (date(2019, 9, 30), 11, date(2019, 10, 11), date(2019, 10, 11), False),
}


@pytest.mark.parametrize("rule", list(BankDayRule))
@pytest.mark.parametrize("case", CASES)
def test_everything_says_the_working_day_before_or_after(case, rule, own_portal):
    own_portal.change(bank_day=rule)
    first_on, bank_days, before, after, is_holiday = CASES[case]
    contract = contract_of(first_on, bank_days=bank_days)
    calculate(first_on)
    days, (deadline, changed, description) = told(contract, first_on)
    assert days == {after if rule is BankDayRule.AFTER else before}
    assert deadline.is_moved is is_holiday  # a weekend is nothing unusual
    assert ("In your bank: usually" in changed, "Bank holiday: usually" in description) == (is_holiday, is_holiday)
    finalise(first_on + 6 * DAY)
    [part] = every(RunPayment)
    assert {part.bank_on, payment(contract, first_on).bank_on} == days


def test_no_bank_day_comes_before_the_day_to_finalise():
    first_on = date(2020, 12, 14)
    contract = contract_of(first_on, finalise_days=12, bank_days=14)  # Saturday 26, and Monday 28, a bank holiday
    calculate(first_on)
    days, _ = told(contract, first_on)
    assert days == {date(2020, 12, 29)}


@pytest.mark.parametrize("rule", list(BankDayRule))
def test_an_override_stands_as_it_is(rule, own_portal):
    own_portal.change(bank_day=rule)
    first_on, saturday = date(2019, 9, 30), date(2019, 10, 12)
    contract = contract_of(first_on)
    saved(CalendarOverride(calendar_id=calendar_of(contract), period_first_on=first_on, bank_on=saturday))
    calculate(first_on)
    days, _ = told(contract, first_on)
    assert days == {saturday}


@pytest.mark.parametrize(
    ("finalise_on", "bank_on"),
    [
        (date(2019, 10, 4), date(2019, 10, 11)),
        (date(2019, 10, 11), date(2019, 10, 11)),
        (date(2019, 10, 12), date(2019, 10, 14)),  # Friday 11 would be before it
    ],
)
def test_where_an_override_moves_another_day_the_bank_day_is_still_the_calendars(finalise_on, bank_on):
    first_on = date(2019, 9, 30)
    contract = contract_of(first_on, bank_days=13)  # Sunday 13 October
    saved(CalendarOverride(calendar_id=calendar_of(contract), period_first_on=first_on, finalise_on=finalise_on))
    calculate(first_on)
    assert told(contract, first_on)[0] == {bank_on}


@pytest.mark.parametrize(
    ("override", "bank_on"),
    [(None, date(2020, 12, 31)), (date(2020, 12, 22), date(2020, 12, 29))],  # eight days after the run, or two
)
def test_what_is_finalised_late_takes_as_long_as_the_calendar_counts_or_an_override_says(override, bank_on):
    first_on, bank_days, *_ = CASES["Christmas"]
    contract = contract_of(first_on, bank_days=bank_days)
    if override:
        saved(CalendarOverride(calendar_id=calendar_of(contract), period_first_on=first_on, bank_on=override))
    finalise(date(2020, 12, 23))  # on a Wednesday, instead of on Sunday
    [part] = every(RunPayment)
    assert {part.bank_on, payment(contract, first_on).bank_on} == {bank_on}


@pytest.mark.parametrize(("day", "bank_on"), [(14, 22), (15, 23), (16, 24), (17, 24)])
def test_what_is_paid_now_takes_as_long_as_the_calendar_counts_but_comes_no_later_than_it_would(day, bank_on):
    first_on, bank_days, *_ = CASES["Christmas"]  # finalised on the 20th, and counted to the 28th
    contract = contract_of(first_on, bank_days=bank_days)
    calculate(first_on)
    officer = make_staff()
    with as_on(date(2020, 12, day)), unit_of_work():
        found = session.scalars(ScheduledPayment.of(contract.reference, first_on)).one()
        day_moves.pay_now(found, by=officer, reason="Hardship")
    assert payment(contract, first_on).bank_on == date(2020, 12, bank_on)


def shut(day):
    somebody = make_staff()
    with unit_of_work():
        add(day, "The bank is shut", by=somebody)


def work_on(day):
    somebody = make_staff()
    with unit_of_work():
        take_off(session.scalars(select(BankHoliday).where(BankHoliday.day == day)).one(), by=somebody)


def test_an_open_payment_follows_the_list_and_keeps_its_answer():
    the = office().to(MONDAY)
    the.to(TUESDAY).confirm()
    before = the.payment
    shut(BANK)
    assert the.payment.bank_on == BANK  # until the next calculation, for which the change has asked
    with as_on(TUESDAY):
        stale = {(each.promise, each.where) for each in verify.check_all()}
    assert stale == {("a second calculation changes nothing", f"contract {the.contract.id}: "
                      "calculate it again (payments)")}  # fmt: skip
    the.to(TUESDAY)
    after = the.payment
    assert after.bank_on == BANK - DAY
    assert [getattr(after, name) for name in ("total_pence", "confirmation", "answered_at", "asked_by")] == [
        getattr(before, name) for name in ("total_pence", "confirmation", "answered_at", "asked_by")
    ]
    with as_on(TUESDAY):
        assert not list(verify.check_all())
    assert told(the.contract, MONDAY)[0] == {BANK - DAY}


def test_an_open_payment_follows_the_setting(own_portal):
    contract = contract_of(date(2019, 4, 8))
    calculate(date(2019, 4, 8))
    own_portal.change(bank_day=BankDayRule.AFTER)
    calculate(date(2019, 4, 9))
    assert told(contract, date(2019, 4, 8))[0] == {date(2019, 4, 23)}


def test_a_run_that_was_prepared_before_pays_on_the_day_that_the_list_says_now():
    the = office().to(TUESDAY).confirm()
    the.to(SUNDAY).prepare().authorise()
    shut(BANK)
    the.finalise()
    [part] = every(RunPayment)
    assert (part.bank_on, the.payment.bank_on, the.refused) == (BANK - DAY, BANK - DAY, "")


def test_what_is_finalised_keeps_its_day():
    contract = contract_of(MONDAY)
    finalise(SUNDAY)
    shut(BANK)
    calculate(SUNDAY + DAY)
    [part] = every(RunPayment)
    assert (payment(contract, MONDAY).bank_on, part.bank_on) == (BANK, BANK)
    with as_on(SUNDAY + DAY):
        assert not list(verify.check_all())


def test_a_day_that_an_officer_has_moved_stands_as_it_is():
    the = office().to(MONDAY)
    days = {"confirm_by": the.payment.confirm_by, "finalise_on": SUNDAY, "bank_on": BANK - DAY}
    the.do(day_moves.move_days, by=the.officer, reason="Hardship", **days)
    shut(BANK - DAY)
    the.to(TUESDAY)
    assert (the.refused, the.payment.bank_on) == ("", BANK - DAY)
    assert told(the.contract, MONDAY)[0] == {BANK - DAY}


def test_a_day_taken_off_the_list_is_a_bank_day_again():
    contract = contract_of(date(2019, 4, 8))
    calculate(date(2019, 4, 8))
    work_on(date(2019, 4, 19))
    calculate(date(2019, 4, 9))
    assert told(contract, date(2019, 4, 8))[0] == {date(2019, 4, 19)}


def test_two_portals_in_one_process_do_not_share_their_list(own_portal, tmp_path):
    portals = [current_portal()]
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    make_tables(url)
    engine = connect(url)
    portals.append(replace(portals[0], engine=engine, bank_day=BankDayRule.AFTER))
    with scope(portals[1]):
        work_on(date(2019, 4, 22))
    found = []
    for portal in portals:
        with scope(portal):
            found.append(working_days())
            with scope(portals[0]):
                found.append(working_days())
    engine.dispose()
    days = [(date(2019, 4, 22) in each, each.bank_day(date(2019, 4, 19), date(2019, 4, 15)).day) for each in found]
    assert days == [(False, 18), (False, 18), (True, 22), (False, 18)]


def mails():
    return [each.body for each in every(select(OutboxMessage).order_by(OutboxMessage.id))]


@pytest.mark.parametrize("days_late", [0, 1])
def test_who_was_told_an_earlier_day_hears_of_a_later_one(days_late):
    the = office().to(TUESDAY).confirm()
    the.pay_now()
    monday = date(2019, 10, 7)
    assert the.payment.bank_on == monday
    assert "Monday 7 October 2019, not Friday 11 October 2019" in mails()[-1]
    assert "if it is finalised today. If it is not, we write to you again" in mails()[-1]
    count = len(mails())
    with as_on(TUESDAY), unit_of_work():
        the.run_id = prepare(by=the.officer).id
    the.to(TUESDAY + days_late * DAY).authorise().finalise()
    [part] = every(RunPayment)
    assert part.bank_on == the.payment.bank_on == monday + days_late * DAY
    told = mails()[count:]
    assert ["It is in the bank on Tuesday 8 October 2019, not on Monday 7 October 2019" in each for each in told] == [
        True
    ] * days_late


def banked(the):
    with reading():
        parts = parts_of([the.payment.id])
    return [(part.bank_on, part.pence) for part in parts[the.payment.id]]


def test_each_part_of_a_payment_has_the_bank_day_of_its_own_run():
    the = office().to(TUESDAY).confirm(queried=True).run()
    assert banked(the) == [(BANK, 35_308)]
    the.to(SUNDAY + WEEK).release().run()
    parts = [(BANK, 35_308), (BANK + WEEK, 30_303)]
    assert banked(the) == parts
    with reading():
        spent = [spend_on(order.id) for order in orders(the.contract)]
    assert sorted((row.bank_on, row.net_pence) for rows in spent for row in rows if row.is_paid) == parts

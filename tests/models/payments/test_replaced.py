"""A feed ends a payment method and begins another: what kept a payment back keeps back whatever has its days now."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.calendar import Frequency, as_on
from models.outbox import OutboxMessage
from models.payments import day_moves, officer
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold, HoldAnswer
from models.payments.payment import ScheduledPayment
from models.records.contract import PaymentMethod
from tests.care_factories import make_calendar, make_method
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import banked, calculate, change, finalise, orders, payment
from tests.support.states import MONDAY, SUNDAY, TUESDAY, office

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def do(the, verb, first_on, on=TUESDAY, **given):
    with as_on(on), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(the.contract.reference, first_on)).one()
        verb(found, by=the.officer, reason=given.pop("reason", "Police enquiry"), **given)


def end_method(the, last_on):
    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == the.contract.id).order_by("id"))[-1:]
    change(method, ends_on=last_on)


def begin_method(the, first_on, frequency=Frequency.FORTNIGHTLY, **given):
    make_method(the.contract, make_calendar(frequency, anchor_on=first_on, confirm_by_days=3, **given), first_on)


def replace(the, first_on, on=TUESDAY, frequency=Frequency.FORTNIGHTLY):
    end_method(the, first_on - DAY)
    begin_method(the, first_on, frequency)
    calculate(on)


def held(the, first_on):
    found = payment(the.contract, first_on)
    return [(each.purchase_order_id, each.reason, each.placed_by_id, each.placed_at)
            for each in every(Hold) if each.payment_id == found.id and each.is_in_force]  # fmt: skip


def actions(prefix):
    return [each.action for each in every(AuditEvent) if each.action.startswith(prefix)]


@pytest.fixture
def the():
    return office(if_unconfirmed="pay").to(TUESDAY)


@pytest.mark.parametrize("week", [1, 2])
def test_a_hold_goes_over_to_the_payment_that_has_its_days_and_no_run_pays_them(the, week):
    do(the, officer.hold, MONDAY + week * WEEK)
    before = held(the, MONDAY + week * WEEK)
    replace(the, MONDAY + WEEK)
    assert held(the, MONDAY + WEEK) == before
    finalise(MONDAY + 3 * WEEK)
    assert banked(the.contract) == [65_611]  # of the week before
    assert actions("hold.went_over") == ["hold.went_over"] * (week == 2)


def test_a_row_that_is_held_stays_held(the):
    order_id = orders(the.contract)[0].id
    do(the, officer.hold, MONDAY + 2 * WEEK, order_id=None)
    with unit_of_work() as session:
        [hold] = session.scalars(select(Hold))
        hold.purchase_order_id = order_id
    replace(the, MONDAY + WEEK)
    assert [row[0] for row in held(the, MONDAY + WEEK)] == [order_id]
    finalise(MONDAY + 3 * WEEK)
    assert len(banked(the.contract)) == 2
    assert banked(the.contract)[1] in (2 * 35_308, 2 * 30_303)


def test_one_payment_that_becomes_several_is_held_in_each_with_what_was_answered():
    the = office(if_unconfirmed="pay").to(TUESDAY)
    replace(the, MONDAY + WEEK)
    do(the, officer.hold, MONDAY + WEEK)
    with as_on(TUESDAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(the.contract.reference, MONDAY + WEEK)).one()
        officer.answer(found, session.scalars(Hold.on(found)).one(), by=the.officer, text="We look into it")
    before = held(the, MONDAY + WEEK)
    last = every(PaymentMethod)[-1]
    change(last, calendar_id=make_calendar(anchor_on=MONDAY, confirm_by_days=3).id)
    calculate(TUESDAY)
    assert held(the, MONDAY + WEEK) == held(the, MONDAY + 2 * WEEK) == before
    assert held(the, MONDAY + 3 * WEEK) == []
    assert [each.text for each in every(HoldAnswer)] == ["We look into it"] * 2


def test_what_was_queried_and_answered_goes_over_with_its_answer_released_or_not():
    the = office(if_unconfirmed="pay").to(TUESDAY).confirm(queried=True).answer().release()
    [hold] = every(Hold)
    end_method(the, MONDAY - DAY)
    begin_method(the, MONDAY + DAY)  # from Tuesday
    calculate(TUESDAY)
    found = payment(the.contract, MONDAY + DAY)
    [now] = every(Hold)
    assert (now.id, now.payment_id, now.is_released) == (hold.id, found.id, True)
    assert [each.hold_id for each in every(HoldAnswer)] == [hold.id]


def test_what_was_rejected_stays_rejected_whatever_its_days_are_part_of():
    the = office(if_unconfirmed="pay").to(TUESDAY).reject()
    end_method(the, MONDAY - DAY)
    begin_method(the, MONDAY + DAY)
    calculate(TUESDAY)
    found = payment(the.contract, MONDAY + DAY)
    assert (found.confirmation, found.answered_by_id) == (Confirmation.REJECTED, the.finance.id)
    assert found.answer_comment == "Bea left on Tuesday"
    finalise(MONDAY + 3 * WEEK)
    assert banked(the.contract)[:1] != [2 * 65_611]
    assert payment(the.contract, MONDAY + DAY).closed_run_id is None


def test_where_no_payment_has_its_days_yet_it_stays_at_nothing_until_one_has(the):
    do(the, officer.hold, MONDAY + 2 * WEEK)
    end_method(the, MONDAY + WEEK - DAY)
    calculate(TUESDAY)
    found = payment(the.contract, MONDAY + 2 * WEEK)
    assert (found.total_pence, len(held(the, MONDAY + 2 * WEEK))) == (0, 1)
    assert payment(the.contract, MONDAY + 3 * WEEK) is None
    calculate(TUESDAY)
    begin_method(the, MONDAY + WEEK)
    calculate(TUESDAY + DAY)
    assert payment(the.contract, MONDAY + 2 * WEEK) is None
    assert len(held(the, MONDAY + WEEK)) == 1


def test_released_it_stays_on_record_and_pays_nothing(the):
    do(the, officer.hold, MONDAY + 2 * WEEK)
    end_method(the, MONDAY + WEEK - DAY)
    calculate(TUESDAY)
    with as_on(TUESDAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(the.contract.reference, MONDAY + 2 * WEEK)).one()
        officer.release(found, session.scalars(Hold.on(found)).one(), by=the.officer, reason="It is right")
    finalise(MONDAY + 4 * WEEK)
    assert payment(the.contract, MONDAY + 2 * WEEK).total_pence == 0
    assert sum(banked(the.contract)) == 65_611


def test_days_that_were_moved_are_told_to_be_moved_no_more(the):
    do(the, day_moves.move_days, MONDAY + 2 * WEEK, confirm_by=MONDAY + 2 * WEEK + 3 * DAY,
       finalise_on=SUNDAY + 2 * WEEK, bank_on=SUNDAY + 2 * WEEK + 3 * DAY)  # fmt: skip
    before = len(every(OutboxMessage))
    replace(the, MONDAY + WEEK)
    told = [each for each in every(OutboxMessage)[before:] if each.subject == "Days that were moved are not any more"]
    assert {each.to for each in told} >= {the.finance.email}
    assert "14 to 20 October 2019" in told[0].body
    assert "another payment now: 7 to 20 October 2019" in told[0].body
    assert actions("payment.moves_lost") == ["payment.moves_lost"]
    calculate(TUESDAY)
    assert len(actions("payment.moves_lost")) == 1


def test_nothing_is_said_where_nothing_was_held_or_moved(the):
    before = len(every(OutboxMessage))
    replace(the, MONDAY + WEEK)
    assert len(every(OutboxMessage)) == before
    assert every(Hold) == []
    with reading():
        assert actions("hold.") == actions("payment.moves") == []

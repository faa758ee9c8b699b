"""Payments that wait for agreements: what is paid, what waits and why, and what is caught up."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.calendar import FAR_FUTURE, as_on
from models.payments.agreeing import agree, start_gate
from models.payments.payment import PaymentLine
from models.records.agreement import AgreementSource, terms_of
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.contract import Contract
from models.reports.breakdown import with_working
from models.reports.waiting_reasons import Reason
from models.reports.waits import waiting
from models.reports.whereabouts import by_contract
from tests import care_factories as care
from tests.factories import make_staff
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change, finalise, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
SUNDAY, WEEK = MONDAY + timedelta(days=6), timedelta(days=7)


def gated(**given):
    return care.make_contract(calculate_from=MONDAY, is_agreement_required=True, **given)


def one_item(contract, pence=872_50, **given):
    return care.make_item(contract, pence * 100, starts_on=MONDAY, **given)


def agreed(item, day):
    by = make_staff()
    with as_on(day), unit_of_work() as session:
        own = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        agree(own, terms_of(own), agreed_on=day, by_name="Ann Hill", source=AgreementSource.PAPER, by=by)


def set_gate(contract, day, from_on):
    by = make_staff()
    with as_on(day), unit_of_work() as session:
        own = session.scalars(select(Contract).where(Contract.id == contract.id)).one()
        start_gate(own, from_on=from_on, by=by)


def waits(contract, day):
    """Reasons and pence."""
    with as_on(day), reading(contract.provider_id) as session:
        return [(row.reason, row.pence) for row in session.execute(waiting(provider_id=contract.provider_id))]


def paid():
    return sum(line.total_pence for line in every(select(PaymentLine).where(PaymentLine.run_id.is_not(None))))


@pytest.mark.covers("S2-008", "S2-009")
def test_payment_starts_only_when_the_agreement_is_agreed_and_catches_up():
    """£872.50 of week 1 waits; agreed in week 2, that week's payment has both."""
    contract = gated()
    item = one_item(contract)
    finalise(SUNDAY)
    assert paid() == 0
    calculate(SUNDAY + WEEK)
    assert waits(contract, SUNDAY + WEEK) == [(Reason.NOT_AGREED, 2 * 872_50)]
    agreed(item, SUNDAY + WEEK)
    assert waits(contract, SUNDAY + WEEK) == []
    assert payment(contract, MONDAY + WEEK).total_pence == 2 * 872_50
    finalise(SUNDAY + WEEK)
    assert paid() == 2 * 872_50


@pytest.mark.covers("S2-008")
def test_what_is_above_the_agreed_terms_waits_and_what_was_agreed_is_paid():
    """£915.25 from the second week, £872.50 agreed: £42.75 waits."""
    contract = gated()
    item = one_item(contract)
    agreed(item, MONDAY)
    finalise(SUNDAY)
    [price] = every(ItemPrice)
    change(price, ends_on=SUNDAY)
    care.make_price(item, 915_2500, starts_on=MONDAY + WEEK)
    calculate(MONDAY + WEEK)
    assert waits(contract, MONDAY + WEEK) == [(Reason.ABOVE_AGREED, 42_75)]
    assert [payment(contract, MONDAY + n * WEEK).total_pence for n in (1, 2)] == [872_50, 872_50]
    with as_on(MONDAY + WEEK), reading(contract.provider_id):
        [found] = by_contract(contract.provider_id)
    assert (found.entitled_pence, found.blocked_pence) == (872_50 + 915_25, 42_75)
    agreed(item, MONDAY + WEEK)
    assert waits(contract, MONDAY + WEEK) == []
    assert [payment(contract, MONDAY + n * WEEK).total_pence for n in (1, 2)] == [915_25, 915_25]


def test_other_reasons_come_before_a_missing_agreement():
    contract = gated()
    one_item(contract, 100_00, authorised_on=None)
    one_item(contract, 200_00, authorised_on=SUNDAY)
    one_item(contract, 300_00, is_suspended=True)
    one_item(contract, 400_00, authorised_on=MONDAY)
    calculate(MONDAY)
    assert waits(contract, MONDAY) == [
        (Reason.UNAUTHORISED, 100_00), (Reason.LATER, 200_00), (Reason.SUSPENDED, 300_00), (Reason.NOT_AGREED, 400_00),
    ]  # fmt: skip


def test_a_payment_that_is_planned_has_only_rows_that_are_agreed():
    contract = gated()
    item, _ = one_item(contract), one_item(contract)
    care.make_allowance(item, MONDAY + WEEK, 10_00)
    agreed(item, MONDAY)
    care.make_allowance(item, MONDAY + WEEK, 25_00)
    calculate(MONDAY)
    found = payment(contract, MONDAY + WEEK)
    assert found.total_pence == 882_50
    with as_on(MONDAY), reading(contract.provider_id) as session:
        rows = with_working(session.merge(found))
        assert [sentence.net_pence for row in rows for sentence in row.sentences] == [10_00, 872_50]


def test_a_plan_waits_from_the_first_day_of_its_gate_on():
    contract = gated(gate_from=MONDAY + 2 * WEEK)
    one_item(contract)
    calculate(MONDAY)
    with as_on(MONDAY), reading(contract.provider_id) as session:
        planned = [with_working(session.merge(payment(contract, MONDAY + n * WEEK))) for n in (1, 2)]
    assert [sum(row.net_pence for row in rows) for rows in planned] == [872_50, 0]


def test_a_gate_begins_with_a_payment_and_takes_nothing_back():
    """The gate is begun from week 2 in week 2; week 1 was paid without, and what it still owes is paid too."""
    contract = care.make_contract(calculate_from=MONDAY, is_agreement_required=True, gate_from=FAR_FUTURE)
    item = one_item(contract)
    finalise(SUNDAY)
    assert paid() == 872_50
    set_gate(contract, MONDAY + WEEK, MONDAY + WEEK)
    assert waits(contract, MONDAY + WEEK) == [(Reason.NOT_AGREED, 872_50)]
    [price] = every(ItemPrice)
    change(price, rate_e4=882_5000)
    calculate(MONDAY + WEEK)
    assert waits(contract, MONDAY + WEEK) == [(Reason.NOT_AGREED, 882_50)]
    assert payment(contract, MONDAY + WEEK).total_pence == 10_00
    set_gate(contract, MONDAY + WEEK, None)
    assert waits(contract, MONDAY + WEEK) == []
    agreed(item, MONDAY + WEEK)


def test_a_gate_that_stands_so_is_not_set_again():
    contract = gated(gate_from=FAR_FUTURE)
    with pytest.raises(DomainError, match="is not started"):
        set_gate(contract, MONDAY, None)
    set_gate(contract, MONDAY, SUNDAY)
    with pytest.raises(DomainError, match="already begins on 8 September 2019"):
        set_gate(contract, MONDAY, SUNDAY)

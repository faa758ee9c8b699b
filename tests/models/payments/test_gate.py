"""The dry run of a gate: how many items it would hold, what a week, and what of payments that have begun."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.calendar import FAR_FUTURE, as_on
from models.payments.blocked import BlockedSum
from models.payments.gate import GateForeseen, foresee_gate
from models.records.care_package import ItemPrice
from models.records.contract import Contract, PaymentMethod
from tests import care_factories as care
from tests.models.payments.test_agreeing import MONDAY, SUNDAY, WEEK, agreed, gated, one_item
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


def foreseen(contract, from_on, day=MONDAY):
    with as_on(day), reading() as session:
        return foresee_gate(session.scalars(select(Contract).where(Contract.id == contract.id)).one(), from_on)


def test_what_a_gate_would_hold_in_pounds():
    """£872.50 a week never agreed, and £42.75 of £915.25 above what is agreed; what is suspended waits already, and
    what has ended by then holds nothing of a week.
    """
    contract = gated(gate_from=FAR_FUTURE)
    one_item(contract)
    risen = one_item(contract)
    agreed(risen, MONDAY)
    [price] = every(select(ItemPrice).where(ItemPrice.item_id == risen.id))
    change(price, rate_e4=915_2500)
    one_item(contract, 100_00, is_suspended=True)
    one_item(contract, 50_00, ends_on=SUNDAY)
    calculate(MONDAY)
    assert foreseen(contract, MONDAY) == GateForeseen(3, 872_50 + 42_75 + 50_00, 872_50 + 42_75 + 50_00, 2)
    assert foreseen(contract, MONDAY).words == "The gate would hold 3 items, £965.25 a week"
    assert foreseen(contract, MONDAY + WEEK) == GateForeseen(2, 872_50 + 42_75, 0, 1)
    assert foreseen(contract, None).words == "The gate would hold nothing"
    assert sum(each.pence for each in every(BlockedSum)) == 100_00


def test_what_would_be_paid_if_the_gate_did_not_hold_it():
    contract = gated()
    one_item(contract)
    calculate(MONDAY)
    assert foreseen(contract, None) == GateForeseen(0, 0, -872_50, 0)
    assert foreseen(contract, MONDAY) == GateForeseen(1, 872_50, 0, 1)


def test_an_item_that_begins_later_is_weighed_on_the_first_day_of_the_gate():
    contract = gated(gate_from=FAR_FUTURE)
    care.make_item(contract, 70_0000, starts_on=MONDAY + WEEK)
    calculate(MONDAY)
    assert foreseen(contract, MONDAY + WEEK - timedelta(days=1)) == GateForeseen(0, 0, 0, 0)
    assert foreseen(contract, MONDAY + WEEK).items == 1


def test_a_contract_that_does_not_pay_yet_holds_nothing():
    contract = gated()
    with unit_of_work() as session:
        for method in session.scalars(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id)):
            session.delete(method)
    assert foreseen(contract, MONDAY) == GateForeseen(0, 0, 0, 0)

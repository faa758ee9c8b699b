"""Corrections to a contract that has ended, whatever they add up to, stop nobody's calculation."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.payments import officer
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod
from tests.care_factories import make_contract, make_item
from tests.factories import make_user
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, change, finalise_weeks, lines, payment

FIRST, LAST = date(2019, 4, 1), date(2019, 4, 14)
AFTER = LAST + timedelta(days=1)


def ended(rate_e4: int) -> tuple[Contract, CarePackageLineItem]:
    """A contract of two weeks, both of them finalised."""
    contract = make_contract(calculate_from=FIRST, ends_on=LAST)
    change(every(PaymentMethod)[0], ends_on=LAST)
    item = make_item(contract, rate_e4=rate_e4, starts_on=FIRST)
    finalise_weeks(FIRST, LAST)
    return contract, item


def adjust(contract: Contract, pence: int) -> None:
    officer_on_duty = make_user()
    with unit_of_work() as session:
        row = session.scalars(select(Contract).where(Contract.id == contract.id)).one()
        client = session.scalars(select(Client).order_by(Client.id)).first()
        officer.adjust(row, client, by=officer_on_duty, amount_pence=pence, for_day=LAST, reason="Paid by cheque")


def drafts(contract: Contract) -> list[int]:
    return [line.total_pence for line in lines(contract) if line.run_id is None]


@pytest.mark.parametrize(("rate_e4", "taken_back"), [(1_000_000, 8_571), (3_000_000, 25_714)])
@pytest.mark.parametrize("left", [0, -1, 1])
def test_corrections_that_add_up_to_nothing_have_a_payment(database, rate_e4, taken_back, left):
    """At £300.00 a week £257.14 comes back when the item ended on Monday 8 April; an officer adjusts by as much."""
    contract, item = ended(rate_e4)
    change(item, ends_on=date(2019, 4, 8))
    adjust(contract, taken_back + left)
    calculate(AFTER)
    assert sorted(drafts(contract))[:1] == [-taken_back]
    assert payment(contract, AFTER).total_pence == max(left, 0)
    calculate(AFTER + timedelta(days=1))
    assert payment(contract, AFTER).total_pence == max(left, 0)


def test_two_corrections_that_cancel_out_have_a_payment(database):
    contract, _ = ended(1_000_000)
    adjust(contract, 2_500)
    adjust(contract, -2_500)
    calculate(AFTER)
    assert (drafts(contract), payment(contract, AFTER).total_pence) == ([2_500, -2_500], 0)


def test_an_ended_contract_gets_no_more_empty_payments(database):
    contract, _ = ended(1_000_000)
    calculate(AFTER + timedelta(days=30))
    assert payment(contract, AFTER) is None

"""Contracts that end, and line items that never happened: what is paid, and what comes back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.payments import officer
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod
from tests.care_factories import make_contract, make_deduction, make_item
from tests.factories import make_user
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import banked, calculate, change, finalise, finalise_weeks, lines, orders, payment

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
    assert payment(contract, AFTER).total_pence == left
    calculate(AFTER + timedelta(days=1))
    assert payment(contract, AFTER).total_pence == left


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


@pytest.mark.postgres
def test_the_last_day_of_a_contract_ends_pay(database):
    """Its item and its payment method have no end: the weeks of 8, 15 and 22 April pay nothing all the same."""
    contract = make_contract(calculate_from=FIRST, ends_on=date(2019, 4, 7))
    make_item(contract, rate_e4=1_000_000, starts_on=FIRST)
    finalise_weeks(FIRST, date(2019, 4, 28))
    assert [(line.first_on, line.total_pence) for line in lines(contract)] == [(FIRST, 10_000)]
    assert [order.value_pence for order in orders(contract)] == [10_000]


def test_a_contract_that_turns_out_to_have_ended_takes_back_what_was_paid_after(database):
    contract, _ = ended(1_000_000)
    change(contract, ends_on=date(2019, 4, 9))
    calculate(AFTER)
    assert drafts(contract) == [-7_143]  # 5 days of 7


@pytest.mark.postgres
def test_a_line_item_that_never_happened_takes_back_what_was_paid_and_no_more(database):
    """£850.00 a week less £172.30 paid £677.70; at the price 0 that comes back, once, and no more."""
    contract = make_contract(calculate_from=FIRST)
    item = make_item(contract, rate_e4=8_500_000, starts_on=FIRST)
    make_deduction(item, 1_723_000)
    finalise_weeks(FIRST, date(2019, 4, 7))
    change(every(ItemPrice)[0], rate_e4=0)
    for day in (date(2019, 4, 8), date(2019, 4, 15), date(2019, 4, 22)):
        calculate(day)
        own = [line for line in lines(contract) if line.run_id is None and line.item_id]
        assert sorted(line.total_pence for line in own) == [-85_000, 17_230]
    [order] = orders(contract)
    assert (order.value_pence, order.spend_pence) == (0, 67_770)


@pytest.mark.postgres
def test_a_new_method_begins_the_day_after_the_old_ones_end_although_a_correction_was_paid_there(database):
    """The correction of £25.00 was paid in a payment that begins on 15 April and has no days of its own."""
    contract, item = ended(1_000_000)
    adjust(contract, 2_500)
    finalise(date(2019, 4, 21))
    assert banked(contract) == [10_000, 10_000, 2_500]
    change(contract, ends_on=None)
    [old] = every(PaymentMethod)
    saved(
        PaymentMethod(
            provider_id=old.provider_id, reference="M2", contract_id=old.contract_id, calendar_id=old.calendar_id,
            basis=old.basis, calculate_from=AFTER,
        )
    )  # fmt: skip
    finalise(date(2019, 4, 28))
    assert [
        (line.first_on, line.total_pence) for line in lines(contract) if line.first_on >= AFTER and line.item_id
    ] == [
        (AFTER, 10_000),
        (date(2019, 4, 22), 10_000),
    ]
    assert banked(contract) == [10_000, 10_000, 2_500, 20_000]

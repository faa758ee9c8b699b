"""A purchase order is worth what was finalised and what is still due, also when that is nothing any more."""

from datetime import date

import pytest

from models import verify
from models.payments.purchase_order import PurchaseOrder
from models.records.care_package import ItemPrice
from models.records.contract import PaymentMethod
from tests.care_factories import make_contract, make_item
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, change, orders

TODAY = date(2019, 10, 2)
FROM_NOVEMBER = date(2019, 11, 4)

CHANGES = {
    "it starts next year": lambda item: change(item, starts_on=date(2020, 6, 1)),
    "it is suspended": lambda item: change(item, is_suspended=True),
    "its authorisation is withdrawn": lambda item: change(item, authorised_on=None),
    "its price ends before it begins": lambda item: change(
        every(ItemPrice)[0], starts_on=date(2019, 1, 1), ends_on=date(2019, 10, 31)
    ),
    "it ends before it begins to be paid": lambda item: change(item, ends_on=date(2019, 1, 31)),
    "its contract pays no longer": lambda item: change(every(PaymentMethod)[0], ends_on=date(2019, 10, 6)),
}


@pytest.mark.postgres
@pytest.mark.parametrize("what", CHANGES)
def test_an_order_of_which_nothing_is_due_any_more_is_worth_nothing(database, what):
    contract = make_contract(calculate_from=date(2019, 2, 4))
    item = make_item(contract, rate_e4=1_000_000, starts_on=FROM_NOVEMBER, authorised_on=TODAY)
    calculate(TODAY)
    [before] = orders(contract)
    assert before.value_pence == 212_857  # 21 weeks of £100.00, and two days of one that 1 April cuts
    CHANGES[what](item)
    calculate(TODAY)
    [after] = orders(contract)
    assert (after.value_pence, after.expected, after.revision) == (0, [], before.revision + 1)
    assert [revision.value_net_pence for revision in after.revisions] == [0, 212_857]


def test_an_order_with_another_value_than_it_should_have_is_told(database):
    contract = make_contract(calculate_from=date(2019, 2, 4))
    make_item(contract, starts_on=FROM_NOVEMBER, authorised_on=TODAY)
    calculate(TODAY)
    assert list(verify.check_all()) == []
    with unit_of_work() as session:
        order = session.scalars(PurchaseOrder.issued()).one()
        order.value_net_pence, order.planned = 0, []
    [broken] = verify.check_all()
    assert broken.promise == "an order is worth what is finalised and what is due"
    assert broken.where.startswith("order 1: £0.00, worked out £")

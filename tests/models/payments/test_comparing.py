"""What a prepared run pays beside the payments before: rows that pay the same are told as one."""

from datetime import date, timedelta

import pytest

from models.calendar import as_on
from models.payments.comparing import before_by_payment, compare
from models.payments.payment_run import prepare
from models.records.care_package import ItemPrice
from tests.care_factories import make_contract, make_item, make_price
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, change, finalise

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
WEEK = timedelta(days=7)


def test_rows_that_pay_the_same_as_before_are_one_and_the_others_stand_alone():
    """Three of £100.00 a week as before, one of £200.00 that rises to £300.00, one of £400.00 that ends, one new."""
    contract = make_contract(calculate_from=MONDAY)
    for _ in range(3):
        make_item(contract, rate_e4=1_000_000)
    dearer, ended = make_item(contract, rate_e4=2_000_000), make_item(contract, rate_e4=4_000_000)
    finalise(MONDAY + timedelta(days=6))
    change(ended, ends_on=MONDAY + timedelta(days=6))
    [price] = [each for each in every(ItemPrice) if each.item_id == dearer.id]
    change(price, ends_on=MONDAY + timedelta(days=6))
    make_price(dearer, 3_000_000, starts_on=MONDAY + WEEK)
    new = make_item(contract, rate_e4=5_000_000, starts_on=MONDAY + WEEK)
    day = MONDAY + timedelta(days=13)
    calculate(day)
    with as_on(day), unit_of_work():
        run = prepare(by=None)
        rows = compare(run.id)
    told = {row.client_id: (row.taken_pence, row.own_before_pence, row.was_here, row.is_taken) for row in rows}
    assert told == {
        None: (30_000, 30_000, True, True),
        dearer.client_id: (30_000, 20_000, True, True),
        ended.client_id: (0, 40_000, True, False),
        new.client_id: (50_000, 0, False, True),
    }
    assert [row.has_changed for row in rows if row.client_id is None] == [False]
    assert list(before_by_payment(rows).values()) == [90_000]

"""The figures that the Durham guide prints, worked out by the portal from facts alone.

The demonstration is loaded by `./portal demo load durham`: the feed is imported, then every week is calculated
and finalised. None of the results below is typed in anywhere else.
"""

from datetime import date

import pytest
from sqlalchemy import select

from models.payments.confirmation import Confirmation, Processing
from models.records.contract import Contract
from tests.support.durham import loaded
from tests.support.rows import every
from tests.support.runs import orders, payment, rows


@pytest.fixture
def contract(durham_database):
    return every(select(Contract).where(Contract.reference == "741254"))[0]


def amounts(contract, first_on):
    return {row.title: (row.total_pence, row.vat_pence) for row in rows(contract, first_on)}


@pytest.mark.covers("S4-079")
def test_the_current_payment(contract):
    found = payment(contract, date(2019, 9, 30))
    assert amounts(contract, date(2019, 9, 30)) == {"S, Bart (C2000020)": (35_308, 0), "T, CLA (C2002198)": (30_303, 0)}
    assert (found.total_pence, found.net_pence, found.vat_pence) == (65_611, 65_611, 0)
    assert found.processing is Processing.CURRENT
    assert found.confirmation is Confirmation.UNCONFIRMED


@pytest.mark.covers("S4-080")
def test_the_payment_that_caught_up_ten_days(contract):
    found = payment(contract, date(2019, 9, 16))
    assert amounts(contract, date(2019, 9, 16)) == {"S, Bart (C2000020)": (35_308, 0), "T, CLA (C2002198)": (73_593, 0)}
    assert found.total_pence == 108_901
    assert found.processing is Processing.FINALISED
    assert found.confirmation is Confirmation.UNCONFIRMED
    caught_up = [s for row in rows(contract, date(2019, 9, 16)) for s in row.sentences if s.is_earlier]
    assert [s.text for s in caught_up] == ["10 days, 6 to 15 September, not paid before, £303.03 a week (£43.29 a day)"]


@pytest.mark.covers("S4-175", "S4-176", "S4-177")
def test_the_purchase_orders(contract):
    assert [(order.title, order.value_pence, order.spend_pence) for order in orders(contract)] == [
        ("One-Off Claims - 2019/2020", 6_400, 6_400),
        ("Daily, Arthur (C2000037) - 2019/2020", 36_342, 36_342),
        ("Simpson, Bart (C2000020) - 2019/2020", 1_922_658, 975_960),
        ("Testing, CLA (C2002198) - 2019/2020", 929_034, 103_896),
    ]
    assert [order.reference for order in orders(contract)][2] == "148 - 1"


def test_what_is_still_to_come_adds_up_to_the_order(contract):
    for order in orders(contract):
        assert sum(row.amount.net_pence for row in order.expected) == order.value_pence - order.spend_pence


def test_periods_to_29_september_are_finalised_and_later_ones_are_not(contract):
    assert payment(contract, date(2019, 9, 23)).processing is Processing.FINALISED
    assert payment(contract, date(2019, 10, 7)).processing is Processing.FUTURE


@pytest.mark.postgres
def test_the_same_on_either_database(settings, database):
    with loaded(settings, database.url.render_as_string(hide_password=False)):
        contract = every(select(Contract).where(Contract.reference == "741254"))[0]
        assert payment(contract, date(2019, 9, 16)).total_pence == 108_901
        assert [(order.value_pence, order.spend_pence) for order in orders(contract)][2:] == [
            (1_922_658, 975_960),
            (929_034, 103_896),
        ]

"""`flask verify` finds what is broken, and nothing in a sound database."""

from datetime import date

import pytest

from models import verify
from models.base import transaction
from models.records.care_package import CarePackageLineItem
from tests.care_factories import make_contract, make_item, make_price
from tests.support.rows import every
from tests.support.runs import calculate, change, finalise

DAY = date(2019, 10, 2)


@pytest.fixture
def contract(database):
    contract = make_contract(calculate_from=date(2019, 9, 23))
    make_item(contract)
    finalise(date(2019, 9, 29))
    calculate(DAY)
    return contract


def found():
    return {finding.promise for finding in verify.check_all()}


@pytest.mark.postgres
def test_nothing_is_found_in_a_sound_database(contract):
    before = [(line.id, line.run_id) for line in every(verify.PaymentLine)]
    assert found() == set()
    assert [(line.id, line.run_id) for line in every(verify.PaymentLine)] == before


def test_the_demonstration_is_sound(durham_app):
    result = durham_app.test_cli_runner().invoke(args=["verify"])
    assert (result.exit_code, result.output) == (0, "Every promise holds.\n")


def _break(statement):
    with transaction() as session:
        session.connection().exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statement", "promise"),
    [
        ("UPDATE scheduled_payment SET net_pence = net_pence + 1", "lines add up to their payment"),
        ("UPDATE payment_line SET net_pence = net_pence + 1 WHERE run_id IS NULL", "a line is what its slices say"),
        ("UPDATE purchase_order SET spend_net_pence = 1", "an order's spend is its finalised lines"),
        ("UPDATE purchase_order SET value_net_pence = 1", "an order's value is its spend and what is to come"),
        ("UPDATE client SET surname = 'Marsh'", "a folded column is what it folds"),
        ("UPDATE run_payment SET total_pence = 1", "a run pays what was authorised"),
        (
            "DROP TRIGGER payment_line_update; UPDATE payment_line SET net_pence = -9 WHERE run_id IS NOT NULL",
            "no payment is below £0.00",
        ),
    ],
)
def test_every_broken_promise_is_named(contract, statement, promise):
    for part in statement.split("; "):
        _break(part)
    assert promise in found()


def test_facts_that_came_in_since_are_named_by_contract_and_order(contract):
    [item] = every(CarePackageLineItem)
    make_price(item, 1, starts_on=date(2020, 1, 1))
    change(item, ends_on=date(2019, 9, 30))
    where = {f"contract {contract.id}: calculate it again", "order 1: calculate it again"}
    assert {broken.where for broken in verify.check_all()} == where

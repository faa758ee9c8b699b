"""`flask verify` finds what is broken, and nothing in a sound database."""

from datetime import date

import pytest

from models import verify
from models.base import transaction
from models.payments import calculation
from models.records.care_package import CarePackageLineItem
from tests.care_factories import make_contract, make_item, make_price
from tests.factories import make_user
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


SEALED = "DROP TRIGGER payment_line_update; "
DEBT = (
    "INSERT INTO debt_entry "
    '(provider_id, contract_id, kind, "on", pence, surplus_pence, surplus_note, reason, made_at) '
    "SELECT provider_id, id, 'repaid', '2019-10-01', 1, 0, '', '', '2019-10-01 00:00:00' FROM contract"
)
BLOCKED = (
    "INSERT INTO blocked_sum (provider_id, payment_id, item_id, pence) "
    "SELECT provider_id, (SELECT MAX(id) FROM scheduled_payment), id, 500 FROM care_package_line_item"
)
WRITTEN_OFF = DEBT.replace("repaid", "written off")
AGREED_BY_WHO_ASKED = (
    "INSERT INTO write_off (provider_id, contract_id, pence, reason, asked_at, asked_by_id, decided_at, decided_by_id, "
    "is_agreed, decision) SELECT provider_id, id, 1, '', '2019-10-01 00:00:00', 1, '2019-10-01 00:00:00', 1, 1, '' "
    "FROM contract"
)
PROMISES = [
    ("UPDATE scheduled_payment SET net_pence = net_pence + 1", "lines add up to their payment"),
    (
        "UPDATE scheduled_payment SET net_pence = net_pence + 1 WHERE closed_run_id IS NOT NULL",
        "a closed payment is what was finalised of it",
    ),
    (
        "UPDATE payment_line SET payment_id = (SELECT id FROM scheduled_payment WHERE closed_run_id IS NOT NULL) "
        "WHERE run_id IS NULL",
        "a closed payment is what was finalised of it",
    ),
    (
        "UPDATE scheduled_payment SET confirmation = 'confirmed', answered_pence = net_pence - 1, "
        "answered_at = '2019-10-01 00:00:00'",
        "a confirmation is to the total",
    ),
    ("UPDATE payment_line SET net_pence = net_pence + 1 WHERE run_id IS NULL", "a line is what its slices say"),
    ("UPDATE payment_line SET net_pence = net_pence + 1 WHERE run_id IS NULL", "every pound is somewhere"),
    (SEALED + "UPDATE payment_line SET component = 'brought_forward'", "a line has an order, or carries a debt"),
    (BLOCKED, "every pound is somewhere"),
    (BLOCKED, "a second calculation changes nothing"),
    (DEBT, "no debt is below £0.00"),
    (DEBT.replace("repaid", "moved"), "a debt is moved from one contract to another"),
    (WRITTEN_OFF, "a second person agrees to what is written off"),
    (f"{WRITTEN_OFF}; {AGREED_BY_WHO_ASKED}", "a second person agrees to what is written off"),
    (
        "UPDATE scheduled_payment SET confirmation = 'rejected', answered_pence = 0, answered_by_id = 1, "
        "answered_at = '2019-10-01 00:00:00' WHERE closed_run_id IS NOT NULL",
        "a rejected payment is not paid",
    ),
    ("UPDATE purchase_order SET spend_net_pence = 1", "an order's spend is its finalised lines"),
    ("UPDATE purchase_order SET value_net_pence = 1", "an order's value is its spend and what is to come"),
    ("UPDATE client SET surname = 'Marsh'", "a folded column is what it folds"),
    ("UPDATE run_payment SET total_pence = 1", "a run pays no more than was authorised"),
    ("UPDATE run_payment SET paid_pence = paid_pence - 1", "a run pays what its lines come to"),
    ("DELETE FROM run_payment", "a run pays what its lines come to"),
    (SEALED + "UPDATE payment_line SET net_pence = -9 WHERE run_id IS NOT NULL", "no payment is below £0.00"),
    ("UPDATE payment_run SET prepared_by_id = 1, authorised_by_id = 1", "who prepares a run does not authorise it"),
]


@pytest.mark.parametrize(("statement", "promise"), PROMISES)
def test_every_broken_promise_is_named(contract, statement, promise):
    make_user()
    for part in statement.split("; "):
        _break(part)
    assert promise in found()


@pytest.mark.parametrize("is_noted", [False, True])
def test_a_contract_that_cannot_be_calculated_is_named(contract, monkeypatch, is_noted):
    def fail(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(calculation, "reckon", fail)
    monkeypatch.setattr(verify, "reckon", fail)
    if is_noted:
        calculate(DAY)
    wheres = [each.where for each in verify.check_all() if each.promise == "every contract can be calculated"]
    assert [where.partition(" in ")[0] for where in wheres] == [f"contract {contract.id}: ZeroDivisionError"]


def test_a_contract_that_can_be_calculated_again_is_named_until_it_is(contract, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(calculation, "lay_out", None)
        calculate(DAY)
    assert "every contract can be calculated" in found()
    calculate(DAY)
    assert found() == set()


def test_facts_that_came_in_since_are_named_by_contract_and_order(contract):
    [item] = every(CarePackageLineItem)
    make_price(item, 1, starts_on=date(2020, 1, 1))
    change(item, ends_on=date(2019, 9, 30))
    where = {f"contract {contract.id}: calculate it again", "order 1: calculate it again"}
    stale = [broken for broken in verify.check_all() if broken.promise == "a second calculation changes nothing"]
    assert {broken.where for broken in stale} == where

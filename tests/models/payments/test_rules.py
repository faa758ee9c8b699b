"""What new rules change of days that are paid waits until somebody accepts it."""

from datetime import date

import pytest

from commands.batchwise.payments import calculate_all
from models.calendar import as_on
from models.payments import rules
from models.payments.blocked import CalculationFault
from models.payments.payment import PaymentLine
from models.payments.rules import ContractRules
from models.records.care_package import ItemPrice
from tests.care_factories import make_contract, make_item
from tests.support.rows import every
from tests.support.runs import banked, calculate, change, finalise
from tests.support.snapshots import built_once

MONDAY, SUNDAY, NEXT = date(2019, 9, 23), date(2019, 9, 29), date(2019, 9, 30)


@pytest.fixture
def two(database):
    return two_contracts()


@built_once
def two_contracts():
    """Two contracts with a paid week: the first one comes to 10p more a week under the rules that are to come."""
    contracts = [make_contract(calculate_from=MONDAY) for _ in range(2)]
    for contract in contracts:
        make_item(contract, rate_e4=1_000_000, starts_on=MONDAY)
    finalise(SUNDAY)
    calculate(NEXT)
    return contracts


@pytest.fixture
def upgraded(two, monkeypatch):
    monkeypatch.setattr(rules, "RULES", rules.RULES + 1)
    change(every(ItemPrice)[0], rate_e4=1_001_000)
    return two


def accept(day: date) -> None:
    with as_on(day):
        calculate_all(accept=True)


def drafts(contract) -> list[int]:
    lines = [line for line in every(PaymentLine) if line.run_id is None and line.contract_id == contract.id]
    return sorted(line.total_pence for line in lines)


@pytest.mark.postgres
def test_nothing_changes_until_it_is_accepted(upgraded):
    first, other = upgraded
    calculate(NEXT)
    assert (drafts(first), drafts(other)) == ([10_000], [10_000])
    [fault] = every(CalculationFault)
    assert fault.contract_id == first.id
    assert fault.fault == "the rules have changed, and paid days come to £0.10 in 1 line that nobody has accepted"
    finalise(date(2019, 10, 6))
    assert (banked(first), banked(other)) == ([10_000], [10_000, 10_000])
    accept(date(2019, 10, 6))
    assert drafts(first) == [10, 10_010]
    assert every(CalculationFault) == []


@pytest.mark.postgres
def test_what_is_accepted_is_asked_once(upgraded):
    first, _ = upgraded
    accept(NEXT)
    assert [row.rules for row in every(ContractRules)] == [rules.RULES] * 2
    change(every(ItemPrice)[0], rate_e4=1_002_000)
    calculate(NEXT)
    assert drafts(first) == [20, 10_020]


def test_the_same_rules_ask_nothing(two):
    first, _ = two
    change(every(ItemPrice)[0], rate_e4=1_001_000)
    calculate(NEXT)
    assert drafts(first) == [10, 10_010]
    assert [row.rules for row in every(ContractRules)] == [rules.RULES] * 2


def test_new_rules_ask_nothing_for_what_was_waiting_already(two, monkeypatch):
    """A correction that the old rules had found stands as a draft."""
    first, _ = two
    change(every(ItemPrice)[0], rate_e4=1_001_000)
    calculate(NEXT)
    monkeypatch.setattr(rules, "RULES", rules.RULES + 1)
    calculate(NEXT)
    assert every(CalculationFault) == []
    assert drafts(first) == [10, 10_010]


def test_a_correction_that_new_rules_take_away_is_asked_for(two, monkeypatch):
    change(every(ItemPrice)[0], rate_e4=1_001_000)
    calculate(NEXT)
    monkeypatch.setattr(rules, "RULES", rules.RULES + 1)
    change(every(ItemPrice)[0], rate_e4=1_000_000)
    calculate(NEXT)
    [fault] = every(CalculationFault)
    assert "paid days come to −£0.10 in 1 line" in fault.fault


def test_the_command_says_it_by_contract_and_pound(upgraded, make_app):
    def run(*options):
        command = ["payments", "calculate", "--as-on", "2019-09-30", *options]
        return make_app().test_cli_runner().invoke(args=command)

    first, _ = upgraded
    told = f"{first.reference}: new rules change paid days, £0.10 in 1 line."
    for option in ((), ("--dry-run",)):
        result = run(*option)
        assert result.exit_code == 1
        assert told in result.stdout
        assert "1 contract with £0.10 stay as they are. Look through them, and give --accept" in result.stderr
    result = run("--dry-run", "--accept")
    assert (result.exit_code, drafts(first)) == (0, [10_000])
    result = run("--accept")
    assert (result.exit_code, drafts(first)) == (0, [10, 10_010])
    assert told in result.stdout

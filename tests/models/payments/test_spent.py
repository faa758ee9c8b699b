"""What a run leaves on record is what a calculation would write, though most providers are not calculated again."""

import os
from datetime import date, timedelta

import pytest

from models.base import Base, session
from models.calendar import as_on
from models.payments import payment_run
from models.payments.blocked import BlockedSum
from models.payments.calculation import calculate as calculate_providers
from models.payments.entitled import EntitledSum
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder, PurchaseOrderRevision
from models.payments.rules import ContractRules
from models.payments.spent import to_calculate
from models.records.contract import PaymentMethod
from tests.care_factories import make_contract, make_item
from tests.support.actual_histories import ActualsOffice
from tests.support.claim_histories import ClaimOffice
from tests.support.gated_histories import GatedOffice
from tests.support.histories import Office
from tests.support.invoice_histories import InvoiceOffice
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change, finalise, orders

OFFICES = Office, GatedOffice, ActualsOffice, ClaimOffice, InvoiceOffice
SEEDS = range(60) if os.environ.get("CAMPAIGN") else range(2)
STEPS = 60 if os.environ.get("CAMPAIGN") else 30
MOST_STEPS = 300
MONDAY = date(2019, 9, 2)
SUNDAY = MONDAY + timedelta(days=6)


def written() -> dict[str, list[tuple]]:
    """All that a calculation writes, as the open transaction has it."""
    session.flush()
    tables = {
        "payments": (ScheduledPayment, ()), "drafts": (PaymentLine, ("id",)), "blocked": (BlockedSum, ("id",)),
        "orders": (PurchaseOrder, ()), "revisions": (PurchaseOrderRevision, ()), "entitled": (EntitledSum, ("id",)),
        "rules": (ContractRules, ()),
    }  # fmt: skip
    return {name: sorted_rows(*which) for name, which in tables.items()}


def sorted_rows(entity: type[Base], without: tuple[str, ...]) -> list[tuple]:
    table = entity.__table__
    columns = [column for column in table.columns if column.name not in without]
    query = table.select().with_only_columns(*columns)
    return sorted(tuple(map(repr, row)) for row in session.connection().execute(query))


class Watched:
    """Calculates before each finalising, and after it, and compares."""

    def __init__(self, finalise_some) -> None:
        self.finalise_some, self.done, self.spared = finalise_some, 0, 0

    def __call__(self, run, provider_ids, **given):
        calculate_providers(provider_ids)
        found = self.finalise_some(run, provider_ids, **given)
        before = written()
        self.done += found.payments > 0
        self.spared += found.payments > 0 and not to_calculate(run.id, provider_ids)
        calculate_providers(provider_ids)
        assert written() == before
        return found


@pytest.fixture
def watched(monkeypatch):
    found = Watched(payment_run.finalise_some)
    monkeypatch.setattr(payment_run, "finalise_some", found)
    return found


@pytest.mark.parametrize("office", OFFICES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_calculation_after_a_run_changes_nothing(database, watched, office, seed):
    place = office(seed)
    steps = 0
    while steps < STEPS or not watched.done:
        steps += 1
        place.step()
        place.calculate()
        assert steps < MOST_STEPS


@pytest.mark.postgres
def test_a_run_of_plain_payments_calculates_nobody(database, watched):
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY)
    finalise(SUNDAY)
    assert (watched.done, watched.spared) == (1, 1)
    [order] = orders(contract)
    assert order.spend_pence == 10_000
    assert sum(row.amount.net_pence for row in order.expected) == order.remaining_pence


def needs(provider_id: int, day: date) -> list[int]:
    with reading(), as_on(day):
        return to_calculate(1, [provider_id])


@pytest.fixture
def paid(database):
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY)
    finalise(SUNDAY)
    return contract


def test_who_was_not_calculated_today_is(paid):
    assert needs(paid.provider_id, SUNDAY) == []
    assert needs(paid.provider_id, SUNDAY + timedelta(days=1)) == [paid.provider_id]
    calculate(SUNDAY + timedelta(days=1))
    assert needs(paid.provider_id, SUNDAY + timedelta(days=1)) == []
    [known] = every(ContractRules)
    change(known, rules=0)
    assert needs(paid.provider_id, SUNDAY + timedelta(days=1)) == [paid.provider_id]


def test_who_has_something_blocked_in_a_payment_of_the_run_is(paid):
    [first, second, *_] = every(ScheduledPayment)
    [item] = {line.item_id for line in every(PaymentLine)}
    with unit_of_work() as own:
        own.add(BlockedSum(provider_id=paid.provider_id, payment_id=second.id, item_id=item, pence=1))
    assert needs(paid.provider_id, SUNDAY) == []
    with unit_of_work() as own:
        own.add(BlockedSum(provider_id=paid.provider_id, payment_id=first.id, item_id=item, pence=1))
    assert needs(paid.provider_id, SUNDAY) == [paid.provider_id]


def test_whose_orders_tell_their_drafts_twice_is_and_tells_them_once_then(paid):
    [order] = orders(paid)
    change(order, tells_drafts=True, planned=order.expected)
    assert orders(paid)[0].expected == order.expected
    assert needs(paid.provider_id, SUNDAY) == [paid.provider_id]
    calculate(SUNDAY)
    assert needs(paid.provider_id, SUNDAY) == []
    assert orders(paid)[0].expected == order.expected


def test_whose_calendar_goes_on_after_its_end_is(database):
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY)
    for method in every(PaymentMethod):
        change(method, ends_on=SUNDAY)
    finalise(SUNDAY)
    assert len(every(ScheduledPayment)) == 2

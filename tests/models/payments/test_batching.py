"""Calculating in batches: which providers go together, how much memory one takes, and that it changes nothing."""

import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bench._data import START, TODAY, fill, statements
from commands.batchwise.finalising import foresee
from commands.batchwise.payments import calculate_all, finalise_due, finalise_run, foresee_calculation
from models.calendar import as_on
from models.payments import batching, calculation
from models.payments.authorising import authorise_from_command_line
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.purchase_order import PurchaseOrder
from tests.care_factories import make_contract, make_item
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, finalise

MONDAY = date(2019, 4, 1)
SUNDAY = MONDAY + timedelta(days=27)
MB = 1_000_000


def council(*items_of: int) -> list[int]:
    """Providers with so many line items each, from Monday 1 April 2019; their ids."""
    contracts = [make_contract(calculate_from=MONDAY) for _ in items_of]
    for contract, items in zip(contracts, items_of, strict=True):
        for n in range(items):
            make_item(contract, rate_e4=1_000_000 + n, starts_on=MONDAY)
    return [contract.provider_id for contract in contracts]


def batches(day: date, provider_ids: list[int] | None = None) -> list[list[int]]:
    with reading(), as_on(day):
        return list(batching.batches(provider_ids))


@pytest.mark.postgres
def test_a_batch_holds_so_many_cells_and_no_provider_is_split(database, monkeypatch):
    """Four weeks are due, and 105 are laid out: 106 for a provider, and four for each of its line items."""
    a, b, c, d = council(1, 1, 30, 0)
    monkeypatch.setattr(batching, "BATCH", 2 * (106 + 4))
    assert batches(SUNDAY) == [[a, b], [c], [d]]
    assert batches(SUNDAY, [c, a]) == [[a], [c]]
    monkeypatch.setattr(batching, "BATCH", 2 * (106 + 4) - 1)
    assert batches(SUNDAY) == [[a], [b], [c], [d]]
    monkeypatch.setattr(batching, "BATCH", 1_000)
    assert batches(SUNDAY) == [[a, b, c, d]]


def test_a_batch_holds_fewer_items_the_more_weeks_are_due(database, monkeypatch):
    council(20, 20)
    monkeypatch.setattr(batching, "BATCH", 500)
    assert len(batches(SUNDAY)) == 1
    assert len(batches(SUNDAY + timedelta(days=70))) == 2


@pytest.mark.postgres
def test_a_run_is_finalised_in_batches_by_its_lines_and_by_what_is_not_calculated_today(database, monkeypatch):
    """A week of each item: a line is two cells. The day after, whoever is not calculated counts with all cells again,
    two weeks of each item and 106 payments."""
    a, b, c = council(3, 3, 1)
    day = MONDAY + timedelta(days=6)
    calculate(day)
    with as_on(day), unit_of_work():
        run = prepare(by=None)
        authorise_from_command_line(run)

    def of_run(on: date) -> list[list[int]]:
        with reading(), as_on(on):
            return list(batching.batches_of_run(run.id))

    monkeypatch.setattr(batching, "BATCH", 2 * (2 * 3 + 1))
    assert of_run(day) == [[a, b], [c]]
    monkeypatch.setattr(batching, "BATCH", 2 * (2 * 3 + 1) - 1)
    assert of_run(day) == [[a], [b, c]]
    monkeypatch.setattr(batching, "BATCH", 2 * (2 * 3 + 1) + 3)
    assert of_run(day) == [[a, b, c]]
    assert of_run(day + timedelta(days=1)) == [[a], [b], [c]]
    monkeypatch.setattr(batching, "BATCH", 2 * (2 * 3 + 1) + 3 + (3 + 3 + 1) * 2 + 3 * 106)
    assert of_run(day + timedelta(days=1)) == [[a, b, c]]
    finalise_run(run.id, recalculate=False)
    assert of_run(day) == []


def on_record() -> list[list[tuple]]:
    """All that a calculation writes, without ids."""
    tables = []
    for table in (PaymentLine, ScheduledPayment, PurchaseOrder):
        rows = every(table)
        names = [column.key for column in table.__mapper__.column_attrs if column.key not in ("id", "payment_id")]
        tables.append(sorted(tuple(repr(getattr(row, name)) for name in names) for row in rows))
    return tables


def test_batches_and_pieces_change_nothing(database, monkeypatch):
    council(2, 3)
    finalise(MONDAY + timedelta(days=13))
    calculate(SUNDAY)
    whole = on_record()
    monkeypatch.setattr(batching, "BATCH", 1)
    monkeypatch.setattr(calculation, "CHUNK", 2)
    calculate(SUNDAY)
    assert on_record() == whole
    assert len(whole[0]) == 5 * 4


def sent(work: Callable[[list[int]], object], provider_ids: list[int]) -> Counter[str]:
    """How the statements begin that the work sends for these providers; a bulk write is one."""
    with statements() as found:
        work(provider_ids)
    return Counter(each.split(" IN (")[0][:70] for each in found)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "work",
    [calculate_all, foresee_calculation, lambda ids: finalise_due(ids, is_calculated=True), foresee],
    ids=["calculate", "foresee a calculation", "prepare and finalise", "foresee finalising"],
)
def test_statements_do_not_grow_with_the_number_of_providers(database, work):
    """In one batch. A statement a contract made 2,000 of them in a run over 2,000 small providers."""
    fill(12, 2)
    with as_on(TODAY):
        calculate_all()
        finalise_due([1])
        few, many = sent(work, [2, 3]), sent(work, list(range(4, 13)))
        with reading() as session:
            assert len(session.scalars(select(PaymentLine.id)).all()) == 12 * 2 * 2
    assert few.total() > 10
    assert many == few


def test_a_first_calculation_of_more_providers_sends_as_many_statements(database):
    fill(12, 2)
    with as_on(TODAY):
        calculate_all([1])
        assert sent(calculate_all, list(range(4, 13))) == sent(calculate_all, [2, 3])


def test_a_year_of_a_large_contract_takes_little_memory(database):
    """200 items x 52 weeks: 10,400 drafts. They took 8.6 MB when each kept its own slices, and take 5.2."""
    fill(1, 200)
    with as_on(START + timedelta(days=363)):
        calculate_all()  # what is loaded once
        tracemalloc.start()
        try:
            calculate_all()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    with reading() as session:
        assert len(session.scalars(select(PaymentLine.id)).all()) == 200 * 53
    assert peak < 6 * MB


@pytest.mark.campaign
def test_three_years_of_a_thousand_items_are_calculated_in_300_mb(repository):
    measured = subprocess.run(
        [sys.executable, "-m", "bench.calculation", "1", "1000", "2022-09-25"],
        cwd=repository, env=os.environ | {"PYTHONPATH": str(repository)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    peaks = {line[:22].strip(): int(line.split()[-2]) for line in measured.splitlines()}
    assert peaks["first calculation"] < 300
    assert peaks["calculated again"] < 300

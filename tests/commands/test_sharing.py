"""Two processes share the batches of a calculation on PostgreSQL: what they write is what one writes, whatever happens
to the second.
"""

import os
import signal
from datetime import date, timedelta

import pytest

from commands.batchwise import sharing
from commands.batchwise.payments import calculate_all
from models.base import DomainError
from models.calendar import as_on
from models.payments import batching, calculation
from models.payments.purchase_order import PurchaseOrder
from models.records.provider import Provider
from tests.models.payments.test_batching import MONDAY, council, on_record
from tests.support.rows import every
from tests.support.runs import calculate

SUNDAY = MONDAY + timedelta(days=27)
POSTGRES = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def pids(database, monkeypatch, tmp_path):
    """Six providers, a batch each; which process calculates each of them, as it is asked for."""
    council(1, 2, 1, 2, 1, 2)
    monkeypatch.setattr(batching, "BATCH", 1)
    there, real = tmp_path / "pids", calculation.calculate

    def noting(provider_ids, **given):
        with there.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return real(provider_ids, **given)

    monkeypatch.setattr(calculation, "calculate", noting)
    return lambda: there.read_text().split()


def providers():
    return [provider.id for provider in every(Provider)]


def own_and_others(pids):
    found = pids()
    return found.count(str(os.getpid())), len(found) - found.count(str(os.getpid()))


@POSTGRES
def test_two_processes_write_what_one_writes(pids, monkeypatch):
    told = []
    with as_on(SUNDAY):
        done = calculate_all(progress=lambda count, of: told.append((count, of)))
    assert own_and_others(pids) == (3, 3)
    assert (done.contracts, done.lines, done.faults) == (6, 9 * 4, 0)
    assert told == [(count, 6) for count in range(1, 7)]
    assert sorted(order.number for order in every(PurchaseOrder)) == list(range(1, 1 + len(every(PurchaseOrder))))
    together = on_record()
    monkeypatch.setattr(sharing, "current_portal", _sqlite)
    calculate(SUNDAY)
    assert own_and_others(pids) == (9, 3)
    assert on_record() == together


def _sqlite():
    class Engine:
        class dialect:
            name = "sqlite"

    class Portal:
        engine = Engine

    return Portal


@POSTGRES
@pytest.mark.parametrize("before", [True, False], ids=["before its batch is written", "after it"])
def test_the_first_does_what_a_second_that_was_killed_has_left(pids, monkeypatch, before):
    here, real, fourth = os.getpid(), calculation.calculate, providers()[3]

    def killed_at_the_second(provider_ids, **given):
        is_there = os.getpid() != here and provider_ids == [fourth]
        if is_there and before:
            os.kill(os.getpid(), signal.SIGKILL)
        found = real(provider_ids, **given)
        if is_there:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    monkeypatch.setattr(calculation, "calculate", killed_at_the_second)
    with as_on(SUNDAY):
        done = calculate_all()
    assert (done.contracts, done.lines) == (6, 9 * 4)
    assert sorted(count for count in own_and_others(pids)) in ([1, 5], [2, 5])
    first = on_record()
    calculate(SUNDAY)
    assert on_record() == first


@POSTGRES
def test_what_a_batch_of_the_second_raises_is_raised_here(pids, monkeypatch):
    real, fourth = calculation.calculate, providers()[3]

    def refusing(provider_ids, **given):
        if provider_ids == [fourth]:
            raise DomainError("Not that one")
        return real(provider_ids, **given)

    monkeypatch.setattr(calculation, "calculate", refusing)
    with as_on(SUNDAY), pytest.raises(DomainError, match="Not that one"):
        calculate_all()
    assert {order.provider_id for order in every(PurchaseOrder)} == set(providers()) - {fourth, providers()[5]}


def test_on_sqlite_one_process_does_them_all(pids):
    with as_on(date(2019, 4, 28)):
        calculate_all()
    assert own_and_others(pids) == (6, 0)

"""Calculating and finalising: the two runs that write payment lines.

Both are set-based: a handful of queries and bulk writes for a batch of providers, whatever its size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, insert, select, update

from models import audit
from models.base import session
from models.calendar import today
from models.care_package import CarePackageLineItem
from models.contract import Contract
from models.entitlement import Component
from models.facts import ContractFacts, load
from models.order_book import OrderBook
from models.payment import PaymentLine, PaymentRun, ScheduledPayment
from models.projection import merged
from models.provider import Provider
from models.reckoning import Draft, OrderKey, OrderSum, Reckoning, Settled, Source, lay_out, reckon
from models.user import User

BATCH = 1_000
"""Care package line items that one batch holds, more or less: a provider is never split."""


@dataclass
class Outcome:
    """What a run did."""

    contracts: int = 0
    lines: int = 0
    total_pence: int = 0
    run_id: int | None = None


def batches(provider_ids: Iterable[int] | None = None) -> Iterator[list[int]]:
    """The ids of the providers to calculate (None: all), in batches of some BATCH line items."""
    query = (
        select(Provider.id, sa.func.count(CarePackageLineItem.id))
        .outerjoin(CarePackageLineItem, CarePackageLineItem.provider_id == Provider.id)
        .group_by(Provider.id)
        .order_by(Provider.id)
    )
    if provider_ids is not None:
        query = query.where(Provider.id.in_(list(provider_ids)))
    batch: list[int] = []
    size = 0
    for provider_id, items in session.execute(query).all():
        batch.append(provider_id)
        size += items + 1
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def calculate(provider_ids: list[int], *, as_on: date | None = None) -> Outcome:
    """Delete and rewrite the drafts of these providers; finalised lines stay as they are.

    Run it twice and the second run changes nothing. The caller holds the write lock and commits.
    """
    as_on = as_on or today()
    session.execute(select(Contract.id).where(Contract.provider_id.in_(provider_ids)).with_for_update())
    contracts = load(provider_ids)
    book = _Book(provider_ids, contracts)
    reckonings = {
        contract.id: reckon(
            contract, lay_out(contract, book.states[contract.id], as_on), book.settled[contract.id], as_on
        )
        for contract in contracts.values()
    }
    return _Writer(book, reckonings, as_on).write()


class _Book:
    """What is on record already for some providers: payments, and what is finalised cell by cell."""

    def __init__(self, provider_ids: list[int], contracts: dict[int, ContractFacts]) -> None:
        self.provider_ids, self.contracts = provider_ids, contracts
        self.payments: dict[tuple[int, date], Any] = {}
        self.states: dict[int, dict[date, tuple[bool, bool]]] = defaultdict(dict)
        for row in session.execute(_payments(provider_ids)):
            self.payments[row.contract_id, row.first_on] = row
            self.states[row.contract_id][row.first_on] = (row.is_begun, row.closed_run_id is not None)
        self.settled: dict[int, dict[Source, dict[tuple[Component, date], Settled]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for row in session.execute(_finalised_cells(provider_ids)):
            source = Source(row.item_id, row.allowance_id, row.claim_item_id)
            self.settled[row.contract_id][source][row.component, row.first_on] = Settled(row.last_on, row.net, row.vat)
        self.paid = {row.payment_id: (row.net, row.vat) for row in session.execute(_finalised_by_payment(provider_ids))}


def _payments(provider_ids: list[int]) -> sa.Select:
    payment = ScheduledPayment
    return select(
        payment.id, payment.contract_id, payment.first_on, payment.confirm_by, payment.finalise_on,
        payment.bank_on, payment.net_pence, payment.vat_pence, payment.waiting_pence, payment.is_begun,
        payment.closed_run_id,
    ).where(payment.provider_id.in_(provider_ids))  # fmt: skip


def _finalised_cells(provider_ids: list[int]) -> sa.Select:
    line = PaymentLine
    cell = (line.contract_id, line.item_id, line.allowance_id, line.claim_item_id, line.component, line.first_on)
    return (
        select(
            *cell, sa.func.max(line.last_on).label("last_on"), _sum(line.net_pence, "net"), _sum(line.vat_pence, "vat")
        )
        .where(line.provider_id.in_(provider_ids), line.run_id.is_not(None))
        .group_by(*cell)
    )


def _finalised_by_payment(provider_ids: list[int]) -> sa.Select:
    line = PaymentLine
    return (
        select(line.payment_id, _sum(line.net_pence, "net"), _sum(line.vat_pence, "vat"))
        .where(line.provider_id.in_(provider_ids), line.run_id.is_not(None))
        .group_by(line.payment_id)
    )


def _sum(column: Any, name: str) -> sa.Label:
    return sa.cast(sa.func.sum(column), sa.BigInteger).label(name)


class _Writer:
    """Puts what was reckoned on record, writing only what differs."""

    def __init__(self, book: _Book, reckonings: dict[int, Reckoning], as_on: date) -> None:
        self.book, self.reckonings, self.as_on = book, reckonings, as_on

    def write(self) -> Outcome:
        session.execute(
            delete(PaymentLine).where(PaymentLine.provider_id.in_(self.book.provider_ids), PaymentLine.run_id.is_(None))
        )
        payment_ids = self._write_payments()
        order_ids = OrderBook(self.book.provider_ids).write(self._orders(), self.as_on)
        rows = [
            self._line(contract_id, draft, payment_ids, order_ids)
            for contract_id, found in self.reckonings.items()
            for draft in found.drafts
        ]
        if rows:
            session.execute(insert(PaymentLine), rows)
        total = sum(row["net_pence"] + row["vat_pence"] for row in rows)
        return Outcome(contracts=len(self.reckonings), lines=len(rows), total_pence=total)

    def _write_payments(self) -> dict[tuple[int, date], int]:
        """Payments of every period, with their totals; gives back their ids by contract and first day."""
        new, changed = [], []
        for contract_id, found in self.reckonings.items():
            sums = _sums(found)
            for period in found.periods:
                first = period.span.first
                old = self.book.payments.get((contract_id, first))
                paid_net, paid_vat = self.book.paid.get(old.id, (0, 0)) if old else (0, 0)
                net, vat = sums.get(first, (0, 0))
                values = period.method.calendar.dates_of(first)._asdict() | {
                    "net_pence": net + paid_net,
                    "vat_pence": vat + paid_vat,
                    "waiting_pence": found.waiting.get(first, 0),
                }
                if old is None and not self._is_wanted(contract_id, period.span.first, values):
                    continue
                if old is None:
                    new.append(self._new_payment(contract_id, period, values))
                elif any(getattr(old, name) != value for name, value in values.items()):
                    changed.append({"id": old.id} | values)
        if new:
            session.execute(insert(ScheduledPayment), new)
        if changed:
            session.execute(update(ScheduledPayment), changed)
        payment = ScheduledPayment
        return {
            (row.contract_id, row.first_on): row.id
            for row in session.execute(
                select(payment.id, payment.contract_id, payment.first_on).where(
                    payment.provider_id.in_(self.book.provider_ids)
                )
            )
        }

    def _is_wanted(self, contract_id: int, first: date, values: dict[str, Any]) -> bool:
        """A contract that has ended gets no more empty periods."""
        ends_on = self.book.contracts[contract_id].ends_on
        return ends_on is None or first <= ends_on or bool(values["net_pence"] or values["waiting_pence"])

    def _new_payment(self, contract_id: int, period: Any, values: dict[str, Any]) -> dict[str, Any]:
        return values | {
            "provider_id": self.book.contracts[contract_id].provider_id,
            "contract_id": contract_id,
            "method_id": period.method.id,
            "first_on": period.span.first,
            "last_on": period.span.last,
        }

    def _orders(self) -> dict[tuple[int, OrderKey], OrderSum]:
        """Every contract's order values, added up by provider; expected rows merged."""
        orders: dict[tuple[int, OrderKey], OrderSum] = defaultdict(OrderSum)
        for contract_id, found in self.reckonings.items():
            provider_id = self.book.contracts[contract_id].provider_id
            for key, part in found.orders.items():
                order = orders[provider_id, key]
                order.net_pence += part.net_pence
                order.vat_pence += part.vat_pence
                order.expected.extend(merged(part.expected))
        return orders

    def _line(
        self,
        contract_id: int,
        draft: Draft,
        payment_ids: dict[tuple[int, date], int],
        order_ids: dict[tuple[int, OrderKey], int],
    ) -> dict[str, Any]:
        provider_id = self.book.contracts[contract_id].provider_id
        return {
            "provider_id": provider_id,
            "payment_id": payment_ids[contract_id, draft.home],
            "contract_id": contract_id,
            "purchase_order_id": order_ids[provider_id, draft.order] if draft.order else None,
            "component": draft.component,
            "item_id": draft.source.item_id,
            "allowance_id": draft.source.allowance_id,
            "claim_item_id": draft.source.claim_item_id,
            "first_on": draft.first,
            "last_on": draft.last,
            "net_pence": draft.net_pence,
            "vat_pence": draft.vat_pence,
            "working": draft.working,
        }


def _sums(found: Reckoning) -> dict[date, tuple[int, int]]:
    """Net and VAT of each period's drafts, and of the plan where it has not begun."""
    sums: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for first, (net, vat) in found.planned.items():
        sums[first] = [net, vat]
    for draft in found.drafts:
        sums[draft.home][0] += draft.net_pence
        sums[draft.home][1] += draft.vat_pence
    return {first: (net, vat) for first, (net, vat) in sums.items()}


def due_to_finalise(as_on: date) -> sa.Select:
    """Open payments of begun periods whose finalisation day has come, oldest first."""
    payment = ScheduledPayment
    return (
        select(payment)
        .where(payment.closed_run_id.is_(None), payment.first_on <= as_on, payment.finalise_on <= as_on)
        .order_by(payment.first_on, payment.id)
    )


def finalise(*, as_on: date | None = None, provider_ids: list[int] | None = None, by: User | None) -> Outcome:
    """Make facts of the drafts of every payment that is due, and close the payments.

    One run, one number. Nothing to finalise makes no run. The caller holds the write lock and commits.
    """
    as_on = as_on or today()
    query = due_to_finalise(as_on)
    if provider_ids is not None:
        query = query.where(ScheduledPayment.provider_id.in_(provider_ids))
    payment_ids = session.scalars(query.with_only_columns(ScheduledPayment.id)).all()
    if not payment_ids:
        return Outcome()
    run = PaymentRun(as_on=as_on, by_id=by.id if by else None)
    session.add(run)
    session.flush()
    outcome = Outcome(run_id=run.id)
    touched: set[int] = set()
    for some in _chunks(payment_ids, BATCH):
        touched |= _close(some, run.id, outcome)
    for batch in batches(touched):  # what is now spent is no longer to come
        calculate(batch, as_on=as_on)
    audit.record("payment_run.finalised", run, by=by, payments=len(payment_ids), total_pence=outcome.total_pence)
    return outcome


def _close(payment_ids: list[int], run_id: int, outcome: Outcome) -> set[int]:
    """Give the drafts of these payments the run's number, and close them; the ids of their providers."""
    payments = ScheduledPayment.id.in_(payment_ids)
    drafts = sa.and_(PaymentLine.payment_id.in_(payment_ids), PaymentLine.run_id.is_(None))
    count, total = session.execute(
        select(sa.func.count(), sa.func.coalesce(sa.func.sum(PaymentLine.net_pence + PaymentLine.vat_pence), 0)).where(
            drafts
        )
    ).one()
    outcome.contracts += len(payment_ids)
    outcome.lines += count
    outcome.total_pence += int(total)
    session.execute(update(PaymentLine).where(drafts).values(run_id=run_id), execution_options=_UNSYNCED)
    session.execute(
        update(ScheduledPayment).where(payments).values(is_begun=True, closed_run_id=run_id),
        execution_options=_UNSYNCED,
    )
    return set(session.scalars(select(ScheduledPayment.provider_id).where(payments).distinct()))


_UNSYNCED = {"synchronize_session": False}


def _chunks(ids: list[int], size: int) -> Iterator[list[int]]:
    return (list(ids[at : at + size]) for at in range(0, len(ids), size))

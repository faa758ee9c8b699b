"""Calculating: work out what is due, and store it as draft lines.

A batch of providers takes a fixed handful of queries and bulk writes, whatever its size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, insert, select, update

from models.base import session, sum_of
from models.calendar import today
from models.engine.component import Component
from models.engine.facts import ContractFacts
from models.engine.periods import Period, lay_out
from models.engine.reckoning import Draft, HeldParts, OrderKey, OrderSum, Reckoning, Settled, Source, reckon
from models.payments.confirmation import Confirmation
from models.payments.hold import is_held, rows_held_in
from models.payments.loading import load
from models.payments.order_book import OrderBook
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.provider import Provider

BATCH = 1_000
"""Care package line items that one batch holds, more or less: a provider is never split."""


@dataclass
class Calculated:
    """What one calculation wrote: contracts, draft lines, and the pence that the drafts come to, VAT included."""

    contracts: int = 0
    lines: int = 0
    total_pence: int = 0


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


def calculate(provider_ids: list[int], *, as_on: date | None = None) -> Calculated:
    """Delete and rewrite the drafts of these providers; finalised lines stay as they are.

    Run it twice and the second run changes nothing. The caller holds the write lock and commits.
    """
    as_on = as_on or today()
    lock(provider_ids)
    contracts = load(provider_ids)
    book = Book(provider_ids, contracts)
    reckonings = {
        contract.id: reckon(
            contract,
            lay_out(contract, book.states[contract.id], as_on),
            book.settled[contract.id],
            as_on,
            book.held[contract.id],
        )
        for contract in contracts.values()
    }
    return _Writer(book, reckonings, as_on).write()


def lock(provider_ids: list[int]) -> None:
    """Lock the contracts of these providers: whoever else calculates, finalises or answers for them waits until this
    transaction ends.
    """
    ids = select(Contract.id).where(Contract.provider_id.in_(provider_ids)).order_by(Contract.id)
    session.execute(ids.with_for_update())


class Book:
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
        for contract_id, *source, component, first, last, net, vat in session.execute(_finalised_cells(provider_ids)):
            self.settled[contract_id][Source(*source)][component, first] = Settled(last, net, vat)
        self.held = self._held()
        self.paid = {id_: (net, vat) for id_, net, vat in session.execute(_finalised_of_open_payments(provider_ids))}

    def _held(self) -> dict[int, HeldParts]:
        """What is held of each contract's open payments, as the reckoning names it."""
        keys = {row.id: key for key, row in self.payments.items() if row.closed_run_id is None}
        orders = {
            row.id: (row.client_id, row.financial_year)
            for row in session.execute(
                select(PurchaseOrder.id, PurchaseOrder.client_id, PurchaseOrder.financial_year).where(
                    PurchaseOrder.provider_id.in_(self.provider_ids)
                )
            )
        }
        found: dict[int, HeldParts] = defaultdict(HeldParts)
        of_ours = ScheduledPayment.provider_id.in_(self.provider_ids)
        held = select(ScheduledPayment.id).where(of_ours, ScheduledPayment.closed_run_id.is_(None), is_held())
        for payment_id in session.scalars(held):
            contract_id, first_on = keys[payment_id]
            found[contract_id].payments.add(first_on)
        for payment_id, order_id in rows_held_in(keys):
            contract_id, first_on = keys[payment_id]
            found[contract_id].rows.add((first_on, orders[order_id]))
        return found


def _payments(provider_ids: list[int]) -> sa.Select:
    payment = ScheduledPayment
    return select(
        payment.id, payment.contract_id, payment.first_on, payment.last_on, payment.method_id,
        payment.confirm_by, payment.finalise_on, payment.bank_on,
        payment.net_pence, payment.vat_pence, payment.waiting_pence,
        payment.is_begun, payment.closed_run_id, payment.confirmation, payment.answered_pence,
    ).where(payment.provider_id.in_(provider_ids))  # fmt: skip


def _finalised_cells(provider_ids: list[int]) -> sa.Select:
    line = PaymentLine
    cell = (line.contract_id, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
            line.component, line.first_on)  # fmt: skip
    return (
        select(
            *cell,
            sa.func.max(line.last_on).label("last_on"),
            sum_of(line.net_pence).label("net"),
            sum_of(line.vat_pence).label("vat"),
        )
        .where(line.provider_id.in_(provider_ids), line.run_id.is_not(None))
        .group_by(*cell)
    )


def _finalised_of_open_payments(provider_ids: list[int]) -> sa.Select:
    """What has been finalised of payments that are partly finalised."""
    line, payment = PaymentLine, ScheduledPayment
    return (
        select(line.payment_id, sum_of(line.net_pence).label("net"), sum_of(line.vat_pence).label("vat"))
        .join(payment, payment.id == line.payment_id)
        .where(
            payment.provider_id.in_(provider_ids),
            payment.is_begun,
            payment.closed_run_id.is_(None),
            line.run_id.is_not(None),
        )
        .group_by(line.payment_id)
    )


class _Writer:
    """Puts what was reckoned on record, writing only what differs."""

    def __init__(self, book: Book, reckonings: dict[int, Reckoning], as_on: date) -> None:
        self.book, self.reckonings, self.as_on = book, reckonings, as_on

    def write(self) -> Calculated:
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
        return Calculated(contracts=len(self.reckonings), lines=len(rows), total_pence=total)

    def _write_payments(self) -> dict[tuple[int, date], int]:
        """Payments of every period, with their totals; gives back their ids by contract and first day."""
        new, changed = [], []
        with_drafts = {
            (contract_id, draft.paid_in) for contract_id, found in self.reckonings.items() for draft in found.drafts
        }
        for contract_id, first, old, values in self._open_payments():
            if old is not None:
                if any(getattr(old, name) != value for name, value in values.items()):
                    changed.append({"id": old.id} | values | _answer(old, values))
            elif (contract_id, first) in with_drafts or self._is_wanted(contract_id, first, values):
                provider_id = self.book.contracts[contract_id].provider_id
                new.append({"provider_id": provider_id, "contract_id": contract_id, "first_on": first} | values)
        self._drop_overtaken()
        if new:
            session.execute(insert(ScheduledPayment), new)
        for names in {tuple(row) for row in changed}:  # rows of one statement set the same columns
            session.execute(update(ScheduledPayment), [row for row in changed if tuple(row) == names])
        return self._payment_ids() if new else {key: row.id for key, row in self.book.payments.items()}

    def _open_payments(self) -> Iterator[tuple[int, date, Any, dict[str, Any]]]:
        """Contract, first day, the row if there is one, and what it is to say. What is closed never changes."""
        for contract_id, found in self.reckonings.items():
            sums = _sums(found)
            for period in found.periods:
                if not period.is_closed:
                    first = period.span.first
                    old = self.book.payments.get((contract_id, first))
                    yield contract_id, first, old, self._values(period, old, sums.get(first, (0, 0)), found)

    def _values(self, period: Period, old: Any, due: tuple[int, int], found: Reckoning) -> dict[str, Any]:
        """The values that an open payment should have. Its last day and method stay once some of it is finalised."""
        paid = self.book.paid.get(old.id, (0, 0)) if old else (0, 0)
        values: dict[str, Any] = {
            "net_pence": due[0] + paid[0],
            "vat_pence": due[1] + paid[1],
            "waiting_pence": found.waiting.get(period.span.first, 0),
        } | period.method.calendar.dates_of(period.span.first)._asdict()
        if old is None or not old.is_begun:
            values |= {"last_on": period.span.last, "method_id": period.method.id}
        return values

    def _payment_ids(self) -> dict[tuple[int, date], int]:
        payment = ScheduledPayment
        rows = session.execute(
            select(payment.id, payment.contract_id, payment.first_on).where(
                payment.provider_id.in_(self.book.provider_ids)
            )
        )
        return {(row.contract_id, row.first_on): row.id for row in rows}

    def _drop_overtaken(self) -> None:
        """Delete payments of which nothing is finalised, and whose period a change of payment method has removed.

        Their holds, and their place in a prepared run, go with them.
        """
        wanted = {
            (contract_id, period.span.first)
            for contract_id, found in self.reckonings.items()
            for period in found.periods
        }
        gone = [row.id for key, row in self.book.payments.items() if key not in wanted and not row.is_begun]
        if gone:
            session.execute(delete(ScheduledPayment).where(ScheduledPayment.id.in_(gone)))

    def _is_wanted(self, contract_id: int, first: date, values: dict[str, Any]) -> bool:
        """Whether to store a new payment that has no drafts. After its end, a contract gets none unless something is
        planned.
        """
        ends_on = self.book.contracts[contract_id].ends_on
        planned = values["net_pence"] or values["vat_pence"] or values["waiting_pence"]
        return ends_on is None or first <= ends_on or bool(planned)

    def _orders(self) -> dict[tuple[int, OrderKey], OrderSum]:
        """Every contract's order values, added up by provider."""
        orders: dict[tuple[int, OrderKey], OrderSum] = defaultdict(OrderSum)
        for contract_id, found in self.reckonings.items():
            provider_id = self.book.contracts[contract_id].provider_id
            for key, part in found.orders.items():
                orders[provider_id, key].add(part)
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
            "payment_id": payment_ids[contract_id, draft.paid_in],
            "contract_id": contract_id,
            "purchase_order_id": order_ids[provider_id, draft.order] if draft.order else None,
            "component": draft.component,
            "item_id": draft.source.item_id,
            "allowance_id": draft.source.allowance_id,
            "claim_item_id": draft.source.claim_item_id,
            "adjustment_id": draft.source.adjustment_id,
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
        sums[draft.paid_in][0] += draft.net_pence
        sums[draft.paid_in][1] += draft.vat_pence
    return {first: (net, vat) for first, (net, vat) in sums.items()}


def _answer(old: Any, values: dict[str, Any]) -> dict[str, Any]:
    """An answer is to one total: confirmed or rejected, it lapses when the total becomes another."""
    total = values["net_pence"] + values["vat_pence"]
    if old.confirmation is Confirmation.UNCONFIRMED or old.answered_pence == total:
        return {}
    was_rejected = old.confirmation is Confirmation.REJECTED
    lapsed = {"lapsed_pence": old.answered_pence, "is_lapsed_rejection": was_rejected, "answered_pence": None}
    return lapsed | {"confirmation": Confirmation.UNCONFIRMED}

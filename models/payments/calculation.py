"""Calculating: work out what is due, and store it as draft lines.

A batch of providers takes a fixed handful of queries and bulk writes, whatever its size.
"""

import logging
import traceback
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import OperationalError

from models.base import DomainError, chunks, rows_changed, savepoint, session
from models.calendar import today
from models.engine.draft import Draft, OrderKey, OrderSum
from models.engine.periods import Period, lay_out
from models.engine.reckoning import Reckoning, reckon
from models.payments.asking import ask_anew
from models.payments.blocked import BlockedSum, note_faults
from models.payments.book import Book
from models.payments.loading import load
from models.payments.order_book import OrderBook
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.windows import bank_day, on_new_total
from models.records.contract import Contract, PaymentMethod

log = logging.getLogger(__name__)
CHUNK = 1_000
"""Lines that are written at once."""


@dataclass
class Calculated:
    """What one calculation wrote: contracts, draft lines, and the pence that the drafts come to, VAT included."""

    contracts: int = 0
    faults: int = 0
    """Contracts that could not be calculated."""
    lines: int = 0
    total_pence: int = 0

    def add(self, other: "Calculated") -> None:
        self.contracts += other.contracts
        self.faults += other.faults
        self.lines += other.lines
        self.total_pence += other.total_pence


def calculate(provider_ids: list[int], *, as_on: date | None = None) -> Calculated:
    """Delete and rewrite the drafts of these providers; finalised lines stay as they are.

    Run it twice and the second run changes nothing. A contract that cannot be calculated stays as it was, is noted
    (CalculationFault), and stops no other. DomainError where the day is before the last finalised one. The caller
    holds the write lock and commits.
    """
    as_on = as_on or today()
    last = last_finalised_on(provider_ids, as_on)
    if last is not None:
        raise DomainError(
            f"A run of {last.day} {last:%B %Y} is finalised, so nothing can be calculated as on {as_on.day} "
            f"{as_on:%B %Y}. Choose that day or a later one"
        )
    lock(provider_ids)
    return _calculated(provider_ids, as_on)


def _calculated(provider_ids: list[int], as_on: date) -> Calculated:
    """Where reading or writing fails, which no contract can be blamed for, each provider is tried by itself."""
    try:
        with savepoint():
            return _read_and_write(provider_ids, as_on)
    except OperationalError:  # the database is busy, or away
        raise
    except Exception as fault:
        if len(provider_ids) == 1:
            log.exception("provider %s cannot be calculated", provider_ids[0])
            contracts = session.scalars(select(Contract.id).where(Contract.provider_id.in_(provider_ids)))
            faults = dict.fromkeys(contracts, _where(fault))
            note_faults(provider_ids, faults)
            return Calculated(faults=len(faults))
    total = Calculated()
    for provider_id in provider_ids:
        total.add(_calculated([provider_id], as_on))
    return total


def _read_and_write(provider_ids: list[int], as_on: date) -> Calculated:
    contracts = load(provider_ids)
    book = Book(provider_ids, contracts)
    found, faults = {}, {}
    for contract in contracts.values():
        try:
            periods = lay_out(contract, book.states[contract.id], as_on)
            found[contract.id] = reckon(contract, periods, book.settled[contract.id], as_on, book.placed[contract.id])
        except Exception as fault:
            log.exception("contract %s cannot be calculated", contract.id)
            faults[contract.id] = _where(fault)
    note_faults(provider_ids, faults)
    return _Writer(book, found, set(faults), as_on).write()


def last_finalised_on(provider_ids: list[int], as_on: date) -> date | None:
    """The latest day after `as_on` for which a run has finalised something of these providers; None where none has."""
    part = RunPayment
    of_these = part.run_id == PaymentRun.id, part.is_finalised, part.provider_id.in_(provider_ids)
    has_paid = PaymentRun.as_on > as_on, select(part.id).where(*of_these).exists()
    return session.scalar(select(PaymentRun.as_on).where(*has_paid).order_by(PaymentRun.as_on.desc()).limit(1))


def never_calculated(as_on: date) -> Select[Contract]:
    """Contracts that are paid for days up to `as_on`, and of which no payment is on record."""
    method, payment = PaymentMethod, ScheduledPayment
    is_paid = select(method.id).where(method.contract_id == Contract.id, method.calculate_from <= as_on, _in_force())
    has_payment = select(payment.id).where(payment.contract_id == Contract.id)
    return select(Contract).where(is_paid.exists(), ~has_payment.exists()).order_by(Contract.id)


def _in_force() -> sa.ColumnElement[bool]:
    """A condition: the contract and its payment method have not ended before the first day that is calculated."""
    method = PaymentMethod
    return sa.and_(*(sa.or_(end.is_(None), end >= method.calculate_from) for end in (Contract.ends_on, method.ends_on)))


def _where(fault: Exception) -> str:
    """The kind of error and the line it came from: nothing of the data."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {last.name}, line {last.lineno}"


def lock(provider_ids: list[int]) -> None:
    """Lock the contracts of these providers: whoever else calculates, finalises or answers for them waits until this
    transaction ends.
    """
    ids = select(Contract.id).where(Contract.provider_id.in_(provider_ids)).order_by(Contract.id)
    session.execute(ids.with_for_update())


class _Writer:
    """Puts what was reckoned on record, writing only what differs. Contracts with a fault stay as they are."""

    def __init__(self, book: Book, reckonings: dict[int, Reckoning], faults: set[int], as_on: date) -> None:
        self.book, self.reckonings, self.faults, self.as_on = book, reckonings, faults, as_on
        self.asked: list[tuple[int, date]] = []
        """Payments whose provider is asked anew: contract id and first day."""

    def write(self) -> Calculated:
        drafts = PaymentLine.provider_id.in_(self.book.provider_ids), PaymentLine.run_id.is_(None)
        rows_changed(delete(PaymentLine).where(*drafts, PaymentLine.contract_id.not_in(self.faults)), unsynced=True)
        payment_ids = self._write_payments()
        order_ids = OrderBook(self.book.provider_ids, self._half_known()).write(self._orders(), self.as_on)
        done = Calculated(contracts=len(self.reckonings), faults=len(self.faults))
        for contract_id, found in self.reckonings.items():
            for drafts_of_some in chunks(found.drafts, CHUNK):
                rows = [self._line(contract_id, draft, payment_ids, order_ids) for draft in drafts_of_some]
                session.execute(insert(PaymentLine), rows)
                done.lines += len(rows)
                done.total_pence += sum(draft.total_pence for draft in drafts_of_some)
        self._write_blocked(payment_ids)
        ask_anew(payment_ids[key] for key in self.asked)
        return done

    def _write_payments(self) -> dict[tuple[int, date], int]:
        """Payments of every period, with their totals; gives back their ids by contract and first day."""
        new, changed = [], []
        with_drafts = {
            (contract_id, draft.paid_in) for contract_id, found in self.reckonings.items() for draft in found.drafts
        }
        for contract_id, period, old, values in self._open_payments():
            first = period.span.first
            if old is not None:
                values |= self._answer(contract_id, period, old, values)
                if any(getattr(old, name) != value for name, value in values.items() if hasattr(old, name)):
                    changed.append({"id": old.id} | values)
            elif (contract_id, first) in with_drafts or self._is_wanted(contract_id, first, values):
                provider_id = self.book.contracts[contract_id].provider_id
                values |= self._answer(contract_id, period, None, values)
                new.append({"provider_id": provider_id, "contract_id": contract_id, "first_on": first} | values)
        self._drop_overtaken()
        for names in {tuple(row) for row in new}:  # rows of one statement set the same columns
            session.execute(insert(ScheduledPayment), [row for row in new if tuple(row) == names])
        for names in {tuple(row) for row in changed}:
            session.execute(update(ScheduledPayment), [row for row in changed if tuple(row) == names])
        return self._payment_ids() if new else {key: row.id for key, row in self.book.payments.items()}

    def _open_payments(self) -> Iterator[tuple[int, Period, Any, dict[str, Any]]]:
        """Contract, period, the row if there is one, and what it is to say. What is closed never changes."""
        for contract_id, found in self.reckonings.items():
            sums, blocked = _sums(found), _blocked(found)
            for period in found.periods:
                if not period.is_closed:
                    first = period.span.first
                    old = self.book.payments.get((contract_id, first))
                    values = self._values(period, old, sums.get(first, (0, 0)), blocked.get(first, 0))
                    yield contract_id, period, old, values

    def _values(self, period: Period, old: Any, due: tuple[int, int], blocked: int) -> dict[str, Any]:
        """The values that an open payment should have. Its last day and method stay once some of it is finalised."""
        paid = self.book.paid.get(old.id, (0, 0)) if old else (0, 0)
        values: dict[str, Any] = {
            "net_pence": due[0] + paid[0],
            "vat_pence": due[1] + paid[1],
            "waiting_pence": blocked,
        } | period.dates._asdict()
        if old is None or not old.is_begun:
            values |= {"last_on": period.span.last, "method_id": period.method.id}
        return values

    def _answer(self, contract_id: int, period: Period, old: Any, values: dict[str, Any]) -> dict[str, Any]:
        """What a new total does to the answer, and when the money is in the bank."""
        total = values["net_pence"] + values["vat_pence"]
        changed: dict[str, Any] = {}
        if old is None or old.net_pence + old.vat_pence != total:
            strict = contract_id in self.book.pays_only_confirmed
            changed = on_new_total(old, total, period.dates, pays_only_confirmed=strict, as_on=self.as_on)
            has_lapsed = strict and total > 0 and "lapsed_pence" in changed
            if "asked_by" in changed or has_lapsed:
                self.asked.append((contract_id, period.span.first))
        return changed | {"bank_on": bank_day(old, period.dates, changed)}

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
        gone = [
            row.id
            for key, row in self.book.payments.items()
            if key not in wanted and not row.is_begun and row.contract_id not in self.faults
        ]
        if gone:
            session.execute(delete(ScheduledPayment).where(ScheduledPayment.id.in_(gone)))

    def _is_wanted(self, contract_id: int, first: date, values: dict[str, Any]) -> bool:
        """Whether to store a new payment that has no drafts. After its end, a contract gets none unless something is
        planned.
        """
        ends_on = self.book.contracts[contract_id].ends_on
        planned = values["net_pence"] or values["vat_pence"] or values["waiting_pence"]
        return ends_on is None or first <= ends_on or bool(planned)

    def _half_known(self) -> set[int]:
        """Ids of the providers of whom some contract has a fault: what their orders come to is not known."""
        return {self.book.contracts[contract_id].provider_id for contract_id in self.faults}

    def _orders(self) -> dict[tuple[int, OrderKey], OrderSum]:
        """Every contract's order values, added up by provider."""
        orders: dict[tuple[int, OrderKey], OrderSum] = defaultdict(OrderSum)
        for contract_id, found in self.reckonings.items():
            provider_id = self.book.contracts[contract_id].provider_id
            for key, part in found.orders.items():
                orders[provider_id, key].add(part)
        return orders

    def _write_blocked(self, payment_ids: dict[tuple[int, date], int]) -> None:
        """What blocked items would add, by payment and item."""
        of_ours = select(ScheduledPayment.id).where(
            ScheduledPayment.provider_id.in_(self.book.provider_ids),
            ScheduledPayment.contract_id.not_in(self.faults),
        )
        rows_changed(delete(BlockedSum).where(BlockedSum.payment_id.in_(of_ours)), unsynced=True)
        rows = [
            {
                "provider_id": self.book.contracts[contract_id].provider_id,
                "payment_id": payment_ids[contract_id, first],
                "item_id": item_id,
                "pence": pence,
            }
            for contract_id, found in self.reckonings.items()
            for (first, item_id), pence in found.blocked.items()
            if pence
        ]
        if rows:
            session.execute(insert(BlockedSum), rows)

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


def _blocked(found: Reckoning) -> dict[date, int]:
    sums: dict[date, int] = defaultdict(int)
    for (first, _), pence in found.blocked.items():
        sums[first] += pence
    return sums

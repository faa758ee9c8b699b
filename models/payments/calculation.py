"""Calculating: work out what is due, and store it as draft lines.

A batch of providers takes a fixed handful of queries and bulk writes, whatever its size.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, delete, select, update
from sqlalchemy.exc import OperationalError

from models.base import DomainError, batched, insert_rows, rows_changed, savepoint, session
from models.calendar import in_words, today
from models.engine.draft import Draft, OrderKey
from models.engine.facts import ContractFacts
from models.payments import awaited, offered
from models.payments.asking import ask_anew, tell_of_changes
from models.payments.blocked import BlockedSum, note_faults
from models.payments.delivered import price_exceptions
from models.payments.entitled import keep_entitled
from models.payments.order_book import OrderBook
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.replaced import go_over
from models.payments.rules import Reopened, note_rules
from models.payments.run import PaymentRun, RunPayment
from models.payments.standing_hold import place_standing
from models.payments.working_out import Change, PaymentKey, PaymentValues, WorkedOut, where_of, work_out
from models.records.contract import Contract, PaymentMethod

log = logging.getLogger(__name__)
CHUNK = 2_000
"""Lines that are written at once."""


@dataclass
class Calculated:
    """What one calculation wrote, or would write: contracts, draft lines, and the pence that the drafts come to, VAT
    included.
    """

    contracts: int = 0
    faulty: set[int] = field(default_factory=set)
    """Ids of contracts that could not be calculated."""
    lines: int = 0
    total_pence: int = 0
    changes: list[Change] = field(default_factory=list)
    """Payments that come to something else than before."""
    reopened: list[Reopened] = field(default_factory=list)
    """What new rules change of finalised days."""

    @property
    def faults(self) -> int:
        return len(self.faulty)

    def add(self, other: "Calculated") -> None:
        self.contracts += other.contracts
        self.faulty |= other.faulty
        self.lines += other.lines
        self.total_pence += other.total_pence
        self.changes += other.changes
        self.reopened += other.reopened


def calculate(provider_ids: list[int], *, as_on: date | None = None, accept: bool = False) -> Calculated:
    """Delete and rewrite the drafts of these providers; finalised lines stay as they are.

    Run it twice and the second run changes nothing. A contract that cannot be calculated stays as it was, is noted
    (CalculationFault), and stops no other; so does one of which new rules change what is finalised, unless `accept`
    says that somebody accepts that. DomainError where the day is before the last finalised one. The caller
    holds the write lock and commits.
    """
    as_on = as_on or today()
    _insist_on_no_earlier_day(provider_ids, as_on)
    lock(provider_ids)
    done = _calculated(provider_ids, as_on, accept)
    place_standing(provider_ids)
    return done


def _calculated(provider_ids: list[int], as_on: date, accept: bool) -> Calculated:
    """Where reading or writing fails, which no contract can be blamed for, each provider is tried by itself."""
    try:
        with savepoint():
            return _read_and_write(provider_ids, as_on, accept)
    except OperationalError:  # the database is busy, or away
        raise
    except Exception as fault:
        if len(provider_ids) == 1:
            log.exception("provider %s cannot be calculated", provider_ids[0])
            contracts = session.scalars(select(Contract.id).where(Contract.provider_id.in_(provider_ids)))
            faults = dict.fromkeys(contracts, where_of(fault))
            note_faults(provider_ids, faults)
            return Calculated(faulty=set(faults))
    total = Calculated()
    for provider_id in provider_ids:
        total.add(_calculated([provider_id], as_on, accept))
    return total


def _read_and_write(provider_ids: list[int], as_on: date, accept: bool) -> Calculated:
    found = work_out(provider_ids, as_on, accept=accept)
    note_rules({id_: found.book.contracts[id_].provider_id for id_ in sorted(found.reckonings)}, as_on)
    note_faults(provider_ids, found.faults)
    return _Writer(found).write()


def foresee(provider_ids: list[int], *, accept: bool = False) -> Calculated:
    """What calculating these providers today would write. Reading only. DomainError as in `calculate`."""
    _insist_on_no_earlier_day(provider_ids, today())
    found = work_out(provider_ids, today(), accept=accept)
    drafts = [draft for reckoning in found.reckonings.values() for draft in reckoning.drafts]
    total = sum(draft.total_pence for draft in drafts)
    return Calculated(len(found.reckonings), set(found.faults), len(drafts), total, found.changes(), found.reopened)


def _insist_on_no_earlier_day(provider_ids: list[int], as_on: date) -> None:
    last = last_finalised_on(provider_ids, as_on)
    if last is not None:
        raise DomainError(
            f"A run of {in_words(last)} is finalised, so nothing can be calculated as on {in_words(as_on)}. "
            "Choose that day or a later one"
        )


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


def lock(provider_ids: list[int]) -> None:
    """Lock the contracts of these providers: whoever else calculates, finalises or answers for them waits until this
    transaction ends.
    """
    ids = select(Contract.id).where(Contract.provider_id.in_(provider_ids)).order_by(Contract.id)
    session.execute(ids.with_for_update())


class _Writer:
    """Puts what was worked out on record, writing only what differs. Contracts with a fault stay as they are."""

    def __init__(self, found: WorkedOut) -> None:
        self.found, self.provider_ids = found, found.book.provider_ids

    def write(self) -> Calculated:
        found = self.found
        old = PaymentLine.provider_id.in_(self.provider_ids), PaymentLine.run_id.is_(None)
        rows_changed(delete(PaymentLine).where(*old, PaymentLine.contract_id.not_in(found.faults)), unsynced=True)
        payments = list(found.payments(only_others=True))
        payment_ids = self._write_payments(payments)
        order_ids = OrderBook(self.provider_ids, found.half_known()).write(found.orders(), found.as_on)
        done = Calculated(contracts=len(found.reckonings), faulty=set(found.faults))
        done.changes, done.reopened = found.changes_among(payments), found.reopened
        for drafts in batched(self._drafts(), CHUNK):
            insert_rows(PaymentLine, [self._line(id_, draft, payment_ids, order_ids) for id_, draft in drafts])
            done.lines += len(drafts)
            done.total_pence += sum(draft.total_pence for _, draft in drafts)
        self._write_blocked(payment_ids)
        self._write_awaited(payment_ids)
        offered.write(found)
        price_exceptions(self._sound())
        self._keep_entitled()
        asked = {each.key for each in payments if each.asks_anew}
        ask_anew(payment_ids[key] for key in asked)
        tell_of_changes(
            each
            for each in done.changes
            if each.before_pence and not each.is_to_come and (each.contract_id, each.first_on) not in asked
        )
        return done

    def _sound(self) -> dict[int, ContractFacts]:
        """The contracts that could be calculated."""
        return {id_: facts for id_, facts in self.found.book.contracts.items() if id_ not in self.found.faults}

    def _drafts(self) -> Iterator[tuple[int, Draft]]:
        """Every draft with the id of its contract."""
        return ((id_, draft) for id_, reckoning in self.found.reckonings.items() for draft in reckoning.drafts)

    def _write_payments(self, payments: list[PaymentValues]) -> dict[PaymentKey, int]:
        """Payments of every period, with their totals; gives back their ids."""
        new = [self._key_of(each.key) | each.values for each in payments if each.old is None]
        changed = [{"id": each.old.id} | each.values for each in payments if each.old is not None and each.differs]
        for names in {tuple(row) for row in new}:  # rows of one statement set the same columns
            insert_rows(ScheduledPayment, [row for row in new if tuple(row) == names])
        for names in {tuple(row) for row in changed}:
            session.execute(update(ScheduledPayment), [row for row in changed if tuple(row) == names])
        self._replace(payments)
        if new:
            return self._payment_ids()
        return {key: row.id for key, row in self.found.book.payments.items()}

    def _replace(self, payments: list[PaymentValues]) -> None:
        """Delete the payments whose periods are no more, once what kept them back has gone over to others."""
        gone = set(self.found.overtaken())
        shorter = [
            each.old
            for each in payments
            if each.old is not None and each.values.get("last_on", each.old.last_on) < each.old.last_on
        ]
        if gone or shorter:
            go_over([*shorter, *(row for row in self.found.book.payments.values() if row.id in gone)], gone)
            session.execute(delete(ScheduledPayment).where(ScheduledPayment.id.in_(gone)))
        if left_alone := self.found.left_alone():
            nothing = {"net_pence": 0, "vat_pence": 0, "waiting_pence": 0}
            session.execute(update(ScheduledPayment).where(ScheduledPayment.id.in_(left_alone)).values(**nothing))

    def _key_of(self, key: PaymentKey) -> dict[str, Any]:
        contract_id, first_on = key
        provider_id = self.found.book.contracts[contract_id].provider_id
        return {"provider_id": provider_id, "contract_id": contract_id, "first_on": first_on}

    def _payment_ids(self) -> dict[PaymentKey, int]:
        payment = ScheduledPayment
        of_ours = payment.provider_id.in_(self.provider_ids)
        rows = session.execute(select(payment.id, payment.contract_id, payment.first_on).where(of_ours))
        return {(row.contract_id, row.first_on): row.id for row in rows}

    def _write_blocked(self, payment_ids: dict[PaymentKey, int]) -> None:
        """What blocked items would add, by payment and item."""
        of_ours = select(ScheduledPayment.id).where(
            ScheduledPayment.provider_id.in_(self.provider_ids),
            ScheduledPayment.contract_id.not_in(self.found.faults),
        )
        rows_changed(delete(BlockedSum).where(BlockedSum.payment_id.in_(of_ours)), unsynced=True)
        rows = [
            {
                "provider_id": self.found.book.contracts[contract_id].provider_id,
                "payment_id": payment_ids[contract_id, first],
                "item_id": item_id,
                "pence": pence,
            }
            for contract_id, reckoning in self.found.reckonings.items()
            for (first, item_id), pence in reckoning.blocked.items()
            if pence
        ]
        insert_rows(BlockedSum, rows)

    def _write_awaited(self, payment_ids: dict[PaymentKey, int]) -> None:
        """What weeks without actuals would add, by payment, item and week."""
        payment, contracts = ScheduledPayment, self.found.book.contracts
        of_ours = payment.provider_id.in_(self.provider_ids), payment.contract_id.not_in(self.found.faults)
        providers = {id_: facts.provider_id for id_, facts in contracts.items()}
        awaited.write(self.found.awaited(), payment_ids, providers, *of_ours)

    def _keep_entitled(self) -> None:
        """What each contract is entitled to as on this day, for statements of account."""
        book = self.found.book
        keep_entitled(
            {id_: reckoning.entitled_pence for id_, reckoning in self.found.reckonings.items()},
            self.found.as_on,
            providers={id_: book.contracts[id_].provider_id for id_ in self.found.reckonings},
            paid_before={contract_id for contract_id, _ in book.payments},
        )

    def _line(
        self,
        contract_id: int,
        draft: Draft,
        payment_ids: dict[PaymentKey, int],
        order_ids: dict[tuple[int, OrderKey], int],
    ) -> dict[str, Any]:
        provider_id = self.found.book.contracts[contract_id].provider_id
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
            "invoice_line_id": draft.source.invoice_line_id,
            "first_on": draft.first,
            "last_on": draft.last,
            "net_pence": draft.net_pence,
            "vat_pence": draft.vat_pence,
            "working": draft.working,
        }

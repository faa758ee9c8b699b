"""What is stored against what the engine works out anew, contract by contract: reading only, so that nobody waits."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from models.base import session, snapshot, sum_of
from models.calendar import today, year_of
from models.engine.component import Component
from models.engine.draft import Draft, OrderKey, OrderSum, Source
from models.money import gbp
from models.payments.awaited import AwaitedSum
from models.payments.awaited import stored as awaited_on_record
from models.payments.blocked import BlockedSum, CalculationFault
from models.payments.calculation import last_finalised_on
from models.payments.debt import DebtEntry
from models.payments.entitled import latest_entitled
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.working_out import WorkedOut, where_of, work_out
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.verify.broken import BrokenPromise
from models.verify.owed import owed_by

STALE = "a second calculation changes nothing"
Cell = tuple[Source, Component, date]


def compare(provider_ids: list[int], uncalculated: Set[int]) -> list[BrokenPromise]:
    """All that differs for these providers. Contracts that are `uncalculated` have nothing to compare with."""
    try:
        with snapshot():
            set_tenant(EVERY_PROVIDER)
            return list(_compare(provider_ids, uncalculated))
    except OperationalError:  # the database is busy, or away
        raise
    except Exception as fault:
        if len(provider_ids) == 1:
            return [BrokenPromise("every contract can be calculated", where_of(fault), {"provider": provider_ids[0]})]
    return [finding for id_ in provider_ids for finding in compare([id_], uncalculated)]


def _compare(provider_ids: list[int], uncalculated: Set[int]) -> Iterator[BrokenPromise]:
    if (last := last_finalised_on(provider_ids, today())) is not None:
        words = f"a run of {last:%d/%m/%Y} is finalised"
        yield BrokenPromise("today is no day before the last finalised one", words)
        return
    found = work_out(provider_ids, today())
    of_ours = CalculationFault.provider_id.in_(provider_ids)
    noted = set(session.scalars(select(CalculationFault.contract_id).where(of_ours)))
    for contract_id, fault in found.faults.items():
        yield BrokenPromise("every contract can be calculated", fault, {"contract": contract_id})
    for contract_id in sorted(noted - found.faults.keys()):
        yield BrokenPromise("every contract can be calculated", "calculate it again", {"contract": contract_id})
    known = _Known(found, noted | uncalculated)
    yield from known.every_pound()
    yield from known.stale_contracts()
    yield from known.orders()


@dataclass
class _Stored:
    """A draft as it is stored."""

    paid_in: date
    last_on: date
    pence: tuple[int, int]
    order: OrderKey | None
    working: Any

    def is_as(self, draft: Draft) -> bool:
        return (self.paid_in, self.last_on, self.pence, self.order, self.working) == (
            draft.paid_in, draft.last, (draft.net_pence, draft.vat_pence), draft.order, draft.working
        )  # fmt: skip


class _Known:
    """The contracts of some providers that can be compared: reckoned, and calculated since they have begun."""

    def __init__(self, found: WorkedOut, without: Collection[int]) -> None:
        self.found, self.provider_ids = found, found.book.provider_ids
        self.contract_ids = [id_ for id_ in found.reckonings if id_ not in without]
        contracts = found.book.contracts
        self.half_known = found.half_known() | {contracts[id_].provider_id for id_ in without if id_ in contracts}

    def every_pound(self) -> Iterator[BrokenPromise]:
        """Entitled = paid - repaid - written off - moved away + open and held + blocked - owed back."""
        stored, latest = _accounted_for(self.provider_ids), latest_entitled(self.contract_ids)
        for id_ in self.contract_ids:
            entitled = self.found.reckonings[id_].entitled_pence
            if entitled != stored[id_]:
                words = f"entitled to {gbp(entitled)}, accounted for {gbp(stored[id_])}"
                yield BrokenPromise("every pound is somewhere", words, {"contract": id_})
            if (kept := latest.get(id_)) is not None and kept != entitled:
                words = f"calculate it again: {gbp(kept)} is kept, {gbp(entitled)} is right"
                yield BrokenPromise("a statement of account ends where the facts do", words, {"contract": id_})

    def stale_contracts(self) -> Iterator[BrokenPromise]:
        """Drafts, payments and blocked sums are what a calculation would write."""
        parts = {
            "drafts": self._with_other_drafts(),
            "payments": self._with_other_payments(),
            "blocked sums": self._with_other_blocked_sums(),
            "what waits for actuals": self._with_other_awaited_sums(),
        }
        for id_ in self.contract_ids:
            differing = [what for what, ids in parts.items() if id_ in ids]
            if differing:
                yield BrokenPromise(STALE, f"calculate it again ({', '.join(differing)})", {"contract": id_})

    def _with_other_drafts(self) -> set[int]:
        wanted: dict[int, dict[Cell, Draft]] = {
            id_: {(draft.source, draft.component, draft.first): draft for draft in self.found.reckonings[id_].drafts}
            for id_ in self.contract_ids
        }
        differing = set()
        for contract_id, cell, stored in _drafts(self.provider_ids):
            if contract_id in wanted:
                draft = wanted[contract_id].pop(cell, None)
                if draft is None or not stored.is_as(draft):
                    differing.add(contract_id)
        return differing | {id_ for id_, missing in wanted.items() if missing}

    def _with_other_payments(self) -> set[int]:
        gone = set(self.found.overtaken())
        differing = {row.contract_id for row in self.found.book.payments.values() if row.id in gone}
        return differing | {each.key[0] for each in self.found.payments() if each.differs}

    def _with_other_blocked_sums(self) -> set[int]:
        wanted = {
            (id_, first, item_id): pence
            for id_ in self.contract_ids
            for (first, item_id), pence in self.found.reckonings[id_].blocked.items()
            if pence
        }
        payment = ScheduledPayment
        query = (
            select(payment.contract_id, payment.first_on, BlockedSum.item_id, BlockedSum.pence)
            .join(payment, payment.id == BlockedSum.payment_id)
            .where(BlockedSum.provider_id.in_(self.provider_ids), payment.closed_run_id.is_(None))
        )
        stored = {(id_, first, item): pence for id_, first, item, pence in session.execute(query)}
        return {key[0] for key, _ in wanted.items() ^ stored.items()}

    def _with_other_awaited_sums(self) -> set[int]:
        ours = AwaitedSum.provider_id.in_(self.provider_ids), ScheduledPayment.closed_run_id.is_(None)
        return {contract_id for (contract_id, *_), _ in self.found.awaited().items() ^ awaited_on_record(*ours).items()}

    def orders(self) -> Iterator[BrokenPromise]:
        """Each purchase order is worth what is finalised and what is due by today's facts; and says how that comes
        about. What is blocked is no part of it.
        """
        due, blocked = self.found.orders(), self._blocked_by_order()
        finalised = _finalised_by_order(self.provider_ids)
        for key, row in _orders(self.provider_ids).items():
            provider_id, of_provider = key
            if provider_id in self.half_known:
                due.pop(key, None)
                continue
            found = due.pop(key, None) or OrderSum()
            worth = finalised.get(row.id, 0) + _to_come(found)
            stored = row.value_net_pence + row.value_vat_pence
            if stored != worth or worth != found.net_pence + found.vat_pence:
                words = f"{gbp(stored)}, worked out {gbp(worth)}; beside it {gbp(blocked[key])} is blocked"
                yield BrokenPromise("an order is worth what is finalised and what is due", words, {"order": row.number})
            elif not row.tells_drafts and row.planned != found.planned:
                yield BrokenPromise(STALE, "calculate it again (what is expected)", {"order": row.number})
        for (provider_id, of_provider), found in due.items():
            if provider_id not in self.half_known and (found.net_pence or found.expected):
                client_id, year = of_provider
                ids = {"provider": provider_id, "year": year} | ({"client": client_id} if client_id else {})
                yield BrokenPromise("whatever is due has an order", gbp(found.net_pence + found.vat_pence), ids)

    def _blocked_by_order(self) -> dict[tuple[int, OrderKey], int]:
        sums: dict[tuple[int, OrderKey], int] = defaultdict(int)
        for id_ in self.contract_ids:
            contract = self.found.book.contracts[id_]
            clients = {item.id: item.client_id for item in contract.items}
            for (first, item_id), pence in self.found.reckonings[id_].blocked.items():
                sums[contract.provider_id, (clients[item_id], year_of(first))] += pence
        return sums


def _to_come(found: OrderSum) -> int:
    return sum(row.amount.net_pence + row.amount.vat_pence for row in found.expected)


def _drafts(provider_ids: list[int]) -> Iterator[tuple[int, Cell, _Stored]]:
    """Contract id, cell and draft of everything that is stored and not finalised, a thousand at once."""
    line, payment, order = PaymentLine, ScheduledPayment, PurchaseOrder
    query = (
        select(
            line.contract_id, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
            line.invoice_line_id, line.component, line.first_on, line.last_on, line.net_pence, line.vat_pence,
            line.working, line.purchase_order_id, payment.first_on.label("paid_in"), order.client_id,
            order.financial_year,
        )
        .join(payment, payment.id == line.payment_id)
        .outerjoin(order, order.id == line.purchase_order_id)
        .where(line.provider_id.in_(provider_ids), line.run_id.is_(None))
    )  # fmt: skip
    for row in session.execute(query, execution_options={"yield_per": 1_000}):
        source = Source(row.item_id, row.allowance_id, row.claim_item_id, row.adjustment_id, row.invoice_line_id)
        key = (row.client_id, row.financial_year) if row.purchase_order_id is not None else None
        stored = _Stored(row.paid_in, row.last_on, (row.net_pence, row.vat_pence), key, row.working)
        yield row.contract_id, (source, row.component, row.first_on), stored


def _orders(provider_ids: list[int]) -> dict[tuple[int, OrderKey], Any]:
    order = PurchaseOrder
    query = select(
        order.id, order.number, order.provider_id, order.client_id, order.financial_year, order.planned,
        order.tells_drafts, order.value_net_pence, order.value_vat_pence,
    ).where(order.provider_id.in_(provider_ids)).order_by(order.number)  # fmt: skip
    return {(row.provider_id, (row.client_id, row.financial_year)): row for row in session.execute(query)}


def _finalised_by_order(provider_ids: list[int]) -> dict[int, int]:
    line = PaymentLine
    query = select(line.purchase_order_id, sum_of(line.total_pence)).where(
        line.provider_id.in_(provider_ids), line.run_id.is_not(None), line.is_own
    )
    found = session.execute(query.group_by(line.purchase_order_id))
    return {order_id: pence for order_id, pence in found if order_id is not None}


def _accounted_for(provider_ids: list[int]) -> dict[int, int]:
    """By contract: all lines, and what is blocked, less what other entries took off the debt, and what is owed."""
    line, entry, payment = PaymentLine, DebtEntry, ScheduledPayment
    found: dict[int, int] = defaultdict(int)
    lines = select(line.contract_id, sum_of(line.total_pence)).where(line.provider_id.in_(provider_ids))
    entries = select(entry.contract_id, -sum_of(entry.pence)).where(entry.provider_id.in_(provider_ids))
    blocked = select(payment.contract_id, sum_of(BlockedSum.pence)).join(payment, payment.id == BlockedSum.payment_id)
    blocked = blocked.where(BlockedSum.provider_id.in_(provider_ids))
    for query in (
        lines.group_by(line.contract_id), entries.group_by(entry.contract_id), blocked.group_by(payment.contract_id),
    ):  # fmt: skip
        for contract_id, pence in session.execute(query):
            found[contract_id] += pence
    for contract_id, pence in owed_by(provider_ids).items():
        found[contract_id] -= pence
    return found

"""Settling payments as a run does: what each pays to the bank, what it takes for a debt, and what it adds to one.

The arithmetic is models/engine/recovery.py; here it is given what is on record, in a fixed number of queries.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.engine.component import Component
from models.engine.recovery import Owed, Settlement, Taken, settle
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.debt import Debt, added_up, debt_sums
from models.payments.line_days import belongs_on
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import RunPayment

PLAN = "plan"
Cell = tuple[int | None, date | None]
"""A client's id and the first day of the period that a line is for: see models.engine.recovery.Taken."""


class _Past(NamedTuple):
    """A row of `_past`."""

    contract_id: int
    day: date
    client_id: int | None
    run_id: int | None
    pence: int
    is_period: int


_PAST = {name: f"past_{name}" for name in _Past._fields}
"""What its columns are called beside those of drafts."""


@dataclass(frozen=True)
class ToSettle:
    """A payment, and the drafts that are taken of it: rows of `sums_of_drafts`."""

    id: int
    contract_id: int
    first_on: date
    last_on: date
    is_begun: bool
    drafts: Sequence[Any]
    planned_pence: int = 0
    """What it is to pay besides, where it has not begun and has no lines yet."""
    recovered_pence: int | None = None
    """What earlier runs of it have taken back; None where that is not read yet."""


def sums_of_drafts(*which: sa.ColumnElement[bool]) -> sa.Select:
    """Drafts as a settlement needs them: for a payment's own days, of which nothing was finalised before, they are
    added up; others stand by client, period and what was marked.
    """
    line, payment = PaymentLine, ScheduledPayment
    is_marked = sa.and_(line.net_pence < 0, Adjustment.is_of_earlier_days)
    looks_back = sa.or_(payment.is_begun, belongs_on() < payment.first_on, is_marked)

    def alone(column: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[Any]:
        return sa.case((looks_back, column))

    rows = (
        select(
            line.payment_id, alone(PurchaseOrder.client_id).label("client_id"),
            alone(line.component).label("component"),
            alone(belongs_on()).label("belongs_on"), alone(line.adjustment_id).label("adjustment_id"),
            alone(Adjustment.is_of_earlier_days).label("is_of_earlier_days"), payment.first_on.label("own_first_on"),
            line.net_pence, line.vat_pence,
        )
        .join(payment, payment.id == line.payment_id)
        .outerjoin(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .outerjoin(Adjustment, Adjustment.id == line.adjustment_id)
        .where(line.run_id.is_(None), *which)
        .subquery("drafts")
    )  # fmt: skip
    c = rows.c
    keys = c.payment_id, c.client_id, c.component, c.adjustment_id, c.is_of_earlier_days
    day = sa.func.coalesce(c.belongs_on, c.own_first_on)
    return (
        select(*keys, day.label("belongs_on"), sum_of(c.net_pence).label("net_pence"),
               sum_of(c.vat_pence).label("vat_pence"))
        .group_by(*keys, day)
        .order_by(*keys, day)
    )  # fmt: skip


def drafts_of_payments(*which: sa.ColumnElement[bool]) -> dict[int, list[Any]]:
    """The rows of `sums_of_drafts` by payment id."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(sums_of_drafts(*which)):
        found[row.payment_id].append(row)
    return found


def settle_all(payments: Iterable[ToSettle], owing: "Owing | None" = None) -> dict[int, Settlement]:
    """What a run that takes just these payments does with each, by payment id. What one adds to the debt of its
    contract, the next takes.
    """
    ordered = sorted(payments, key=lambda each: (each.contract_id, each.first_on, each.id))
    books = _Books(ordered, owing)
    return {each.id: books.settle(each) for each in ordered}


@dataclass(frozen=True)
class Owing:
    """What is owed, and the most that one payment takes back where a plan was agreed, by contract id: for who has read
    both already.
    """

    debts: Mapping[int, Debt]
    caps: Mapping[int, int]
    past: Sequence[Any] | None = None
    """Rows of `_past` of all clients with drafts in these payments; None: they are read if one looks back."""


class _Books:
    """The debts, plans and histories of the contracts whose payments are settled."""

    def __init__(self, payments: Sequence[ToSettle], owing: Owing | None) -> None:
        contract_ids = {each.contract_id for each in payments}
        owing = owing or _owing(contract_ids)
        debts = owing.debts
        self.debts = {id_: debts.get(id_, Debt()) for id_ in contract_ids}
        self.left = {id_: debt.left_pence for id_, debt in self.debts.items()}
        self.written_off = {id_: max(debt.written_off_pence, 0) for id_, debt in self.debts.items()}
        self.caps = owing.caps
        self.recovered = self._recovered([each for each in payments if each.is_begun and self.caps])
        with_past = [each for each in payments if any(self._looks_back(each, row) for row in each.drafts)]
        self.periods: dict[int, list[date]] = defaultdict(list)
        """The first days of these contracts' payments, in order."""
        self.history = self._history(with_past, owing.past)

    def settle(self, payment: ToSettle) -> Settlement:
        contract_id = payment.contract_id
        cap = self.caps.get(contract_id)
        if cap is not None:
            cap = max(cap - self.recovered.get(payment.id, 0), 0)
        owed = Owed(self.left[contract_id], self.written_off[contract_id], cap)
        done = settle(self._parts(payment), owed)
        self.left[contract_id] += done.debt_change_pence
        self.written_off[contract_id] -= done.reinstated_pence
        return done

    def _parts(self, payment: ToSettle) -> Iterable[Taken]:
        sums: dict[Cell, int] = defaultdict(int)
        marked: dict[Cell, int] = defaultdict(int)
        for row in payment.drafts:
            pence = row.net_pence + row.vat_pence
            period = self._period(payment.contract_id, row.belongs_on) if self._looks_back(payment, row) else None
            if row.component is Component.ADJUSTMENT and pence < 0:
                if row.is_of_earlier_days:
                    marked[row.client_id, self._period(payment.contract_id, row.belongs_on)] += pence
                else:
                    sums[row.client_id, None] += pence
            else:
                sums[row.client_id, period] += pence
        for (client_id, period), pence in sums.items():
            part = Taken(client_id, period, pence)
            if period is not None:
                before = self.history[payment.contract_id].get((client_id, period), [])
                part = replace(part, is_late=True, is_paid_before=bool(before), recovered_pence=_taken_back(before))
            yield part
        for (client_id, period), pence in marked.items():
            yield Taken(client_id, period, pence, is_late=True, is_paid_before=True)
        if payment.planned_pence:
            yield Taken(None, None, payment.planned_pence)

    def _looks_back(self, payment: ToSettle, row: Any) -> bool:
        """The line is for a period before the payment's own, or for one of which something may be finalised."""
        return payment.is_begun or _is_late(row, payment)

    def _period(self, contract_id: int, day: date) -> date:
        """The first day of the period that holds the day; the day itself where no payment was ever made for it."""
        firsts = self.periods.get(contract_id, [])
        at = bisect_right(firsts, day) - 1
        return firsts[at] if at >= 0 else day

    def _recovered(self, payments: Sequence[ToSettle]) -> dict[int, int]:
        """What earlier runs of a payment have taken back, where a plan limits it."""
        part = RunPayment
        known = {each.id: each.recovered_pence for each in payments if each.recovered_pence is not None}
        if not (payment_ids := [each.id for each in payments if each.id not in known]):
            return known
        query = select(part.payment_id, sum_of(part.recovered_pence)).where(part.payment_id.in_(payment_ids))
        known.update((id_, pence) for id_, pence in session.execute(query.group_by(part.payment_id)))
        return known

    def _history(self, payments: Sequence[ToSettle], past: Sequence[Any] | None) -> Mapping[int, dict[Cell, list[int]]]:
        """By contract, client and period: what each run has finalised, the first run first. Fills `periods` too."""
        found: dict[int, dict[Cell, list[int]]] = defaultdict(lambda: defaultdict(list))
        if not payments:
            return found
        if past is None:
            clients = {row.client_id for each in payments for row in each.drafts if self._looks_back(each, row)}
            known = PurchaseOrder.client_id.in_([id_ for id_ in clients if id_ is not None])
            of_them = sa.or_(known, PurchaseOrder.client_id.is_(None)) if None in clients else known
            past = session.execute(_past({each.contract_id for each in payments}, of_them)).all()
        finalised: list[Any] = []
        for row in sorted(past, key=lambda each: (each.contract_id, each.day)):
            if row.is_period:
                self.periods[row.contract_id].append(row.day)
            else:
                finalised.append(row)
        by_run: dict[tuple[int, Cell, int | None], int] = defaultdict(int)
        for row in finalised:
            period = self._period(row.contract_id, row.day)
            by_run[row.contract_id, (row.client_id, period), row.run_id] += row.pence
        for (contract_id, cell, _), pence in sorted(by_run.items(), key=lambda each: each[0][2] or 0):
            found[contract_id][cell].append(pence)
        return found


def _past(contract_ids: Collection[int] | sa.Select, *which: sa.ColumnElement[bool]) -> sa.CompoundSelect:
    """Rows of what runs have finalised of these contracts, by day, client and run, `which` of the purchase orders; and
    the first days of their payments, which `is_period` marks.
    """
    line, payment, day = PaymentLine, ScheduledPayment, belongs_on()
    lines = (
        select(line.contract_id, day.label("day"), PurchaseOrder.client_id, line.run_id,
               sum_of(line.total_pence).label("pence"), sa.literal(0).label("is_period"))
        .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .outerjoin(Adjustment, Adjustment.id == line.adjustment_id)
        .where(
            line.contract_id.in_(contract_ids),
            line.run_id.is_not(None),
            sa.or_(line.component != Component.ADJUSTMENT, Adjustment.is_of_earlier_days),
            *which,
        )
        .group_by(line.contract_id, day, PurchaseOrder.client_id, line.run_id)
    )  # fmt: skip
    none = sa.cast(sa.null(), sa.Integer)
    periods = select(payment.contract_id, payment.first_on, none, none, sa.literal(0), sa.literal(1))
    return sa.union_all(lines, periods.where(payment.contract_id.in_(contract_ids)))


def _has_drafts(payment_ids: Collection[int]) -> sa.ColumnElement[bool]:
    """A condition on PurchaseOrder: it is of nobody, or of a client who has drafts in one of these payments."""
    order, line = sa.orm.aliased(PurchaseOrder), sa.orm.aliased(PaymentLine)
    clients = select(order.client_id).join(line, line.purchase_order_id == order.id)
    clients = clients.where(line.payment_id.in_(payment_ids), line.run_id.is_(None), order.client_id.is_not(None))
    return sa.or_(PurchaseOrder.client_id.in_(clients), PurchaseOrder.client_id.is_(None))


def _owing(contract_ids: Collection[int]) -> Owing:
    return owing_of(session.execute(_owed(contract_ids))) if contract_ids else Owing({}, {})


def _owed(contract_ids: Collection[int] | sa.Select) -> sa.CompoundSelect:
    """Rows (contract_id, what, pence), as `owing_of` reads them."""
    plan = RecoveryPlan
    plans = select(plan.contract_id, sa.literal(PLAN), plan.per_payment_pence).where(
        plan.contract_id.in_(contract_ids), plan.ended_at.is_(None)
    )
    sums = debt_sums(contract_ids).subquery()
    return sa.union_all(select(*sums.c), plans)


def drafts_and_owing(
    contract_ids: Collection[int] | sa.Select, *which: sa.ColumnElement[bool], past_of: Collection[int] = ()
) -> tuple[dict[int, list[Any]], Owing]:
    """By payment id the rows of `sums_of_drafts`, and what these contracts owe; and their past, where it is sure to be
    asked for of the payments with these ids: one statement for all.
    """
    found: dict[int, list[Any]] = defaultdict(list)
    past = _past(contract_ids, _has_drafts(past_of)) if past_of else None
    rows, owing = with_owing(sums_of_drafts(*which), contract_ids, past=past)
    for row in rows:
        found[row.payment_id].append(row)
    return found, owing


def with_owing(
    drafts: sa.Select, contract_ids: Collection[int] | sa.Select, *, past: sa.CompoundSelect | None = None
) -> tuple[list[Any], Owing]:
    """The rows of a query of drafts, in its order, and what these contracts owe, with their `past`: one statement."""
    place = sa.func.row_number().over(order_by=drafts._order_by_clauses)
    c, owed = drafts.order_by(None).add_columns(place.label("place")).subquery("drafts").c, _owed(contract_ids)
    debts, before = owed.subquery("owed").c, past.subquery("past").c if past is not None else ()
    owing_none = sa.cast(sa.null(), sa.Integer).label("owing_id"), sa.cast(sa.null(), sa.String).label("owing_what")
    past_none = [sa.cast(sa.null(), each.type).label(_PAST[each.key]) for each in before]
    told = {"net_pence": debts.pence, "vat_pence": sa.literal(0)}
    beside = (told.get(each.key, sa.null()).label(each.key) for each in c)
    parts = [select(*c, *owing_none, *past_none), select(*beside, debts.contract_id, debts.what, *past_none)]
    if before:
        parts.append(select(*(sa.null() for _ in c), *owing_none, *before))
    rows: list[Any] = []
    owing: list[tuple[int, str, int]] = []
    found: list[_Past] = []
    for row in session.execute(sa.union_all(*parts).order_by("place", "owing_id", "owing_what")):
        if row.owing_what is not None:
            owing.append((row.owing_id, row.owing_what, row.net_pence))
        elif before and row.past_contract_id is not None:
            found.append(_Past(*row[-len(_PAST) :]))
        else:
            rows.append(row)
    return rows, replace(owing_of(owing), past=found if before else None)


def owing_of(rows: Iterable[Any]) -> Owing:
    """What rows (contract_id, what, pence) say, where an instalment plan is one of PLAN."""
    rows = list(rows)
    debts = added_up(row for row in rows if row[1] != PLAN)
    return Owing(debts, {contract_id: pence for contract_id, what, pence in rows if what == PLAN})


def _is_late(row: Any, payment: ToSettle) -> bool:
    return row.belongs_on < payment.first_on


def _taken_back(sums: Iterable[int]) -> int:
    """How far the money of a client and period has come down from the most that it ever was."""
    total = most = 0
    for pence in sums:
        total += pence
        most = max(most, total)
    return most - total

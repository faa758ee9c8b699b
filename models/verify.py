"""Promises that hold in every sound database, checked over the whole of it. Nothing is changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models import folding
from models.auditing import chain
from models.auditing.chain import Head
from models.base import DomainError, begin_write, scope, session, storage_faults, sum_of
from models.engine.component import DEDUCTIONS, Component
from models.money import gbp
from models.payments.batching import batches
from models.payments.blocked import CalculationFault, faults
from models.payments.calculation import calculate
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun, RunPayment
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.words import folded


@dataclass(frozen=True)
class BrokenPromise:
    """A promise that does not hold, and where. Names records by id, never a client."""

    promise: str
    where: str


def check_all(heads: Iterable[Head] = ()) -> Iterator[BrokenPromise]:
    """Check every promise; a sound database yields nothing. `heads` are those of the audit that were written down
    elsewhere.
    """
    with scope():
        set_tenant(EVERY_PROVIDER)
        for check in (totals, nothing_below_zero, slices, orders, runs, two_people, names, storage):
            yield from check()
        for fault in chain.check(heads):
            yield BrokenPromise("the audit is as it was sealed", fault.words)
        provider_batches = list(batches())
    for batch in provider_batches:
        yield from drafts_are_current(batch)


def totals() -> Iterator[BrokenPromise]:
    """A payment that has begun comes to what its lines add up to."""
    payment, line = ScheduledPayment, PaymentLine
    total = sum_of(line.total_pence)
    rows = session.execute(
        select(payment.id, payment.total_pence, total)
        .outerjoin(line, sa.and_(line.payment_id == payment.id, line.is_own))
        .where(sa.or_(payment.is_open, payment.is_begun))
        .group_by(payment.id, payment.net_pence, payment.vat_pence)
        .having(payment.total_pence != total)
        .order_by(payment.id)
    )
    for id_, stored, found in rows:
        yield BrokenPromise("lines add up to their payment", f"payment {id_}: {gbp(stored)}, lines {gbp(found)}")


def nothing_below_zero() -> Iterator[BrokenPromise]:
    """No run pays less than nothing for one payment."""
    line = PaymentLine
    total = sum_of(line.total_pence)
    rows = session.execute(
        select(line.payment_id, line.run_id, total)
        .where(line.run_id.is_not(None))
        .group_by(line.payment_id, line.run_id)
        .having(total < 0)
    )
    for payment_id, run_id, found in rows:
        yield BrokenPromise("no payment is below £0.00", f"payment {payment_id} in run {run_id}: {gbp(found)}")


def slices() -> Iterator[BrokenPromise]:
    """The net and VAT of a line for care or a deduction are those of its slices, less what was finalised before."""
    told = [Component.CARE, *sorted(DEDUCTIONS)]
    line = PaymentLine
    rows = session.execute(
        select(line.id, line.net_pence, line.vat_pence, line.working).where(line.component.in_(told)).order_by(line.id)
    ).yield_per(1_000)
    for id_, net, vat, working in rows:
        due_net = sum(part.net_pence for part in working.slices)
        due_vat = sum(part.vat_pence for part in working.slices)
        if (due_net - working.before_net_pence, due_vat - working.before_vat_pence) != (net, vat):
            yield BrokenPromise("a line is what its slices say", f"line {id_}")


def orders() -> Iterator[BrokenPromise]:
    """The spend of a purchase order is the sum of its finalised lines; its value is that and what it still expects."""
    order, line = PurchaseOrder, PaymentLine
    spend = sum_of(line.total_pence)
    rows = session.execute(
        select(order, spend)
        .outerjoin(line, sa.and_(line.purchase_order_id == order.id, line.run_id.is_not(None)))
        .group_by(order.id)
        .order_by(order.id)
    )
    for row, found in rows:
        if row.spend_pence != found:
            yield BrokenPromise("an order's spend is its finalised lines", f"order {row.number}")
        if row.remaining_pence != sum(part.amount.net_pence + part.amount.vat_pence for part in row.expected):
            yield BrokenPromise("an order's value is its spend and what is to come", f"order {row.number}")


def runs() -> Iterator[BrokenPromise]:
    """What a run finalised is what was prepared, to the penny."""
    member, line = RunPayment, PaymentLine
    of_member = select(member.run_id, sum_of(member.total_pence)).where(member.is_finalised)
    of_line = select(line.run_id, sum_of(line.total_pence)).where(line.run_id.is_not(None))
    prepared = dict(session.execute(of_member.group_by(member.run_id)).all())
    finalised = {run_id: pence for run_id, pence in session.execute(of_line.group_by(line.run_id)) if run_id}
    for run_id in sorted({*prepared, *finalised}):
        if prepared.get(run_id, 0) != finalised.get(run_id, 0):
            yield BrokenPromise("a run pays what was authorised", f"run {run_id}")


def two_people() -> Iterator[BrokenPromise]:
    """No run was authorised by the person who prepared it."""
    run = PaymentRun
    for id_ in session.scalars(
        select(run.id).where(run.authorised_by_id.is_not(None), run.authorised_by_id == run.prepared_by_id)
    ):
        yield BrokenPromise("who prepares a run does not authorise it", f"run {id_}")


def names() -> Iterator[BrokenPromise]:
    """Every folded column holds the folded text of its source, so that searching and sorting find the present name."""
    for name, stored in folding.pairs():
        id_ = name.table.c.id
        for row_id, text, found in session.execute(select(id_, name, stored).order_by(id_)).yield_per(1_000):
            if found != folded(text):
                yield BrokenPromise("a folded column is what it folds", f"{name.table} {row_id}: {stored.name}")


def storage() -> Iterator[BrokenPromise]:
    """SQLite's own checks of its file; PostgreSQL checks its pages as it reads them."""
    for fault in storage_faults():
        yield BrokenPromise("the database file is whole", fault)


def drafts_are_current(provider_ids: list[int]) -> Iterator[BrokenPromise]:
    """Calculating again would change nothing. The calculation is done and thrown away."""
    with scope():
        set_tenant(EVERY_PROVIDER)
        begin_write()
        before = _as_calculated(provider_ids)
        try:
            calculate(provider_ids)
        except DomainError as refusal:  # the calendar was set back
            yield BrokenPromise("today is no day before the last finalised one", str(refusal))
            return
        after = _as_calculated(provider_ids)
        failed = session.execute(faults(provider_ids=provider_ids)).all()
        session.rollback()
    for row in failed:
        yield BrokenPromise("every contract can be calculated", f"contract {row.contract_id}: {row.fault}")
    for whose in sorted({key[0] for key, _ in before.items() ^ after.items()}):
        yield BrokenPromise("a second calculation changes nothing", f"{whose}: calculate it again")


def _as_calculated(provider_ids: list[int]) -> dict[tuple[str, str], object]:
    """Drafts and totals as they stand, by contract; and values, by purchase order."""
    line, payment, order = PaymentLine, ScheduledPayment, PurchaseOrder
    found: dict[tuple[str, str], object] = {}
    for row in session.execute(
        select(
            line.contract_id, line.component, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
            line.first_on, line.net_pence, line.vat_pence,
        ).where(line.provider_id.in_(provider_ids), line.run_id.is_(None))
    ):  # fmt: skip
        found[f"contract {row.contract_id}", repr(tuple(map(_plain, row)))] = True
    for contract_id, first_on, *sums in session.execute(
        select(
            payment.contract_id, payment.first_on, payment.net_pence, payment.vat_pence, payment.waiting_pence
        ).where(payment.provider_id.in_(provider_ids))
    ):
        found[f"contract {contract_id}", f"payment {first_on}"] = tuple(sums)
    fault = CalculationFault
    for contract_id in session.scalars(select(fault.contract_id).where(fault.provider_id.in_(provider_ids))):
        found[f"contract {contract_id}", "fault"] = True
    values = select(order.number, order.value_net_pence, order.value_vat_pence)
    for number, *value in session.execute(values.where(order.provider_id.in_(provider_ids))):
        found[f"order {number}", "value"] = tuple(value)
    return found


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)

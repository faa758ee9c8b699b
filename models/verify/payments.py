"""Promises of payments and their lines, as they are stored."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.calendar import today
from models.engine.component import CARRIED, DEDUCTIONS, Component
from models.money import gbp
from models.payments.blocked import has_fault
from models.payments.calculation import never_calculated
from models.payments.confirmation import Confirmation
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.verify.broken import BrokenPromise


def totals() -> Iterator[BrokenPromise]:
    """A payment that has begun comes to what its lines add up to. Where it has none, see `uncalculated`."""
    payment, line = ScheduledPayment, PaymentLine
    total = sum_of(line.total_pence)
    rows = session.execute(
        select(payment.id, payment.total_pence, total)
        .outerjoin(line, sa.and_(line.payment_id == payment.id, line.is_own))
        .where(payment.closed_run_id.is_(None), sa.or_(payment.is_open, payment.is_begun))
        .group_by(payment.id, payment.net_pence, payment.vat_pence, payment.is_begun)
        .having(payment.total_pence != total, sa.or_(payment.is_begun, sa.func.count(line.id) > 0))
        .order_by(payment.id)
    )
    for id_, stored, found in rows:
        yield BrokenPromise("lines add up to their payment", f"{gbp(stored)}, lines {gbp(found)}", {"payment": id_})


def closed_payments() -> Iterator[BrokenPromise]:
    """What is closed has no draft left, and comes to what was finalised of its own lines."""
    payment, line = ScheduledPayment, PaymentLine
    finalised = sum_of(sa.case((line.run_id.is_not(None), line.total_pence), else_=0))
    drafts = sa.func.count(sa.case((line.run_id.is_(None), line.id)))
    rows = session.execute(
        select(payment.id, payment.total_pence, finalised, drafts)
        .outerjoin(line, sa.and_(line.payment_id == payment.id, line.is_own))
        .where(payment.closed_run_id.is_not(None))
        .group_by(payment.id, payment.net_pence, payment.vat_pence)
        .having(sa.or_(payment.total_pence != finalised, drafts > 0))
        .order_by(payment.id)
    )
    for id_, stored, found, count in rows:
        words = f"{gbp(stored)}, finalised {gbp(found)}, {count} drafts"
        yield BrokenPromise("a closed payment is what was finalised of it", words, {"payment": id_})


def answers() -> Iterator[BrokenPromise]:
    """A confirmation stands at the total that was confirmed; what is rejected is paid only if the council said so."""
    payment = ScheduledPayment
    rows = session.execute(
        select(payment.id, payment.total_pence, payment.answered_pence)
        .where(payment.confirmation == Confirmation.CONFIRMED, payment.answered_pence != payment.total_pence)
        .order_by(payment.id)
    )
    for id_, total, answered in rows:
        words = f"{gbp(total)}, answered {gbp(answered or 0)}"
        yield BrokenPromise("a confirmation is to the total", words, {"payment": id_})
    for id_ in session.scalars(select(payment.id).where(payment.closed_run_id.is_not(None), payment.is_rejected)):
        yield BrokenPromise("a rejected payment is not paid", ids={"payment": id_})


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
        yield BrokenPromise("no payment is below £0.00", gbp(found), {"payment": payment_id, "run": run_id or 0})


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
            yield BrokenPromise("a line is what its slices say", ids={"line": id_})


def carried() -> Iterator[BrokenPromise]:
    """Every line belongs to a purchase order, but those of a run that carry a debt."""
    line = PaymentLine
    carries = line.component.in_(CARRIED)
    is_odd = sa.or_(sa.and_(line.is_own, carries), sa.and_(~line.is_own, ~carries))
    for id_ in session.scalars(select(line.id).where(is_odd).order_by(line.id)):
        yield BrokenPromise("a line has an order, or carries a debt", ids={"line": id_})


def spend() -> Iterator[BrokenPromise]:
    """The spend of a purchase order is the sum of its finalised lines. What it is worth: see `anew`."""
    order, line = PurchaseOrder, PaymentLine
    total = sum_of(line.total_pence)
    stored = order.spend_net_pence + order.spend_vat_pence
    rows = session.execute(
        select(order.number, stored, total)
        .outerjoin(line, sa.and_(line.purchase_order_id == order.id, line.run_id.is_not(None)))
        .group_by(order.id, order.number, order.spend_net_pence, order.spend_vat_pence)
        .having(stored != total)
        .order_by(order.id)
    )
    for number, pence, found in rows:
        yield BrokenPromise(
            "an order's spend is its finalised lines", f"{gbp(pence)}, lines {gbp(found)}", {"order": number}
        )


def uncalculated() -> Iterator[BrokenPromise]:
    """Whatever has begun is calculated: no contract is without payments, and no payment without drafts."""
    for contract in session.scalars(never_calculated(today())):
        yield BrokenPromise("what has begun is calculated", "calculate it", {"contract": contract.id})
    for row in session.execute(_without_lines()):
        words = f"{gbp(row.total_pence)} is planned, and it has no lines: calculate it"
        yield BrokenPromise("what has begun is calculated", words, {"payment": row.id, "contract": row.contract_id})


def uncalculated_contracts() -> set[int]:
    """Ids of the contracts that `uncalculated` names: there is nothing to compare what is worked out anew with."""
    begun = {row.contract_id for row in session.execute(_without_lines())}
    return begun | {contract.id for contract in session.scalars(never_calculated(today()))}


def _without_lines() -> sa.Select:
    """Payments that have begun and are to pay something, without a line: they were only planned."""
    payment, line = ScheduledPayment, PaymentLine
    lines = select(line.id).where(line.payment_id == payment.id, line.is_own)
    return (
        select(payment.id, payment.contract_id, payment.total_pence.label("total_pence"))
        .where(payment.is_open, ~payment.is_begun, payment.total_pence != 0, ~has_fault(), ~lines.exists())
        .order_by(payment.id)
    )


CHECKS = (totals, closed_payments, answers, nothing_below_zero, slices, carried, spend, uncalculated)

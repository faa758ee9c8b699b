"""What has become of payment runs, and of one payment in them."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import RunProgress
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import FINALISED, PaymentRun, RunPayment
from models.records.contract import Contract


def runs_of(payment: ScheduledPayment) -> Select:
    """The runs that a payment is, or was, in: rows with run_id, state, total_pence and outcome, the newest first.
    `has_it`: the run is open, and this payment's turn has not come.
    """
    return (
        select(
            RunPayment.run_id,
            PaymentRun.state,
            PaymentRun.as_on,
            RunPayment.total_pence,
            RunPayment.paid_pence,
            RunPayment.outcome,
            RunPayment.is_finalised.label("is_finalised"),
            sa.and_(PaymentRun.is_open, RunPayment.outcome.is_(None)).label("has_it"),
        )
        .join(PaymentRun, PaymentRun.id == RunPayment.run_id)
        .where(RunPayment.payment_id == payment.id)
        .order_by(RunPayment.run_id.desc())
    )


def banked_of(payment: ScheduledPayment) -> Select:
    """What runs have paid of a payment: rows with bank_on and paid_pence, by day. What is queried, and paid by a later
    run, has a day of its own.
    """
    part = RunPayment
    paid = part.payment_id == payment.id, part.is_finalised, part.paid_pence != 0
    return select(part.bank_on, part.paid_pence).where(*paid).order_by(part.bank_on, part.id)


def spend_on(order: PurchaseOrder) -> Select:
    """What payments hold of one purchase order: by payment and bank day, rows with its contract, days, net and VAT, and
    `is_paid`: a run has finalised it. What is not yet paid has the day on which its payment is to be in the bank.
    """
    line, payment, part = PaymentLine, ScheduledPayment, RunPayment
    is_paid = line.run_id.is_not(None)
    bank_on = sa.func.coalesce(part.bank_on, payment.bank_on)
    by = Contract.reference, payment.first_on, payment.last_on
    return (
        select(
            *by, bank_on.label("bank_on"), is_paid.label("is_paid"),
            sum_of(line.net_pence).label("net_pence"), sum_of(line.vat_pence).label("vat_pence"),
        )
        .join(payment, payment.id == line.payment_id)
        .join(Contract, Contract.id == line.contract_id)
        .outerjoin(part, sa.and_(part.run_id == line.run_id, part.payment_id == line.payment_id))
        .where(line.purchase_order_id == order.id)
        .group_by(payment.id, *by, bank_on, is_paid)
        .order_by(payment.first_on.desc(), Contract.reference, bank_on.desc())
    )  # fmt: skip


def outcome_of(run_id: int) -> RunProgress:
    """What has become of a whole run so far."""
    outcome = outcomes_of([run_id]).get(run_id, RunProgress())
    line = PaymentLine
    outcome.lines = session.scalar(select(sa.func.count(line.id)).where(line.run_id == run_id)) or 0
    return outcome


def outcomes_of(run_ids: Iterable[int]) -> dict[int, RunProgress]:
    """What has become of each of these runs so far, by its number; without lines. Those of which nothing has had its
    turn are left out.
    """
    part = RunPayment
    rows = session.execute(
        select(
            part.run_id, part.outcome, sa.func.count(),
            sum_of(sa.case((part.is_finalised, part.paid_pence), else_=part.total_pence)),
            sum_of(sa.case((part.is_finalised, part.total_pence - part.paid_pence), else_=0)),
        )
        .where(part.run_id.in_(run_ids), part.outcome.is_not(None))
        .group_by(part.run_id, part.outcome)
    )  # fmt: skip
    found: dict[int, RunProgress] = {}
    for run_id, outcome, count, total, owed in rows:
        progress = found.setdefault(run_id, RunProgress())
        if outcome == FINALISED:
            progress.payments, progress.total_pence, progress.owed_pence = count, total, owed
        else:
            progress.left += count
            progress.left_pence += total
    return found

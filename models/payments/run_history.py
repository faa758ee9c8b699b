"""What has become of payment runs, and of one payment in them."""

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import RunProgress
from models.payments.run import FINALISED, PaymentRun, RunPayment


def runs_of(payment: ScheduledPayment) -> Select:
    """The runs that a payment is, or was, in: rows with run_id, state, total_pence and outcome, the newest first."""
    return (
        select(
            RunPayment.run_id,
            PaymentRun.state,
            PaymentRun.as_on,
            RunPayment.total_pence,
            RunPayment.paid_pence,
            RunPayment.outcome,
            RunPayment.is_finalised.label("is_finalised"),
        )
        .join(PaymentRun, PaymentRun.id == RunPayment.run_id)
        .where(RunPayment.payment_id == payment.id)
        .order_by(RunPayment.run_id.desc())
    )


def outcome_of(run_id: int) -> RunProgress:
    """What has become of a whole run so far."""
    found = RunProgress()
    line = PaymentLine
    found.lines = session.scalar(select(sa.func.count(line.id)).where(line.run_id == run_id)) or 0
    for outcome, count, total in session.execute(
        select(RunPayment.outcome, sa.func.count(), sa.func.sum(RunPayment.paid_pence))
        .where(RunPayment.run_id == run_id, RunPayment.outcome.is_not(None))
        .group_by(RunPayment.outcome)
    ):
        if outcome == FINALISED:
            found.payments, found.total_pence = count, total or 0
        else:
            found.left += count
    return found

"""What has become of payment runs, and of one payment in them."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
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
        select(
            RunPayment.outcome,
            sa.func.count(),
            sum_of(sa.case((RunPayment.is_finalised, RunPayment.paid_pence), else_=RunPayment.total_pence)),
        )
        .where(RunPayment.run_id == run_id, RunPayment.outcome.is_not(None))
        .group_by(RunPayment.outcome)
    ):
        if outcome == FINALISED:
            found.payments, found.total_pence = count, total
        else:
            found.left += count
            found.left_pence += total
    return found


def paid_by(runs: Iterable[PaymentRun]) -> dict[int, int]:
    """What each of these runs has paid to the bank so far, by its number; those that have paid nothing are left out."""
    part = RunPayment
    query = select(part.run_id, sa.func.sum(part.paid_pence)).where(
        part.run_id.in_([run.id for run in runs]), part.is_finalised
    )
    return {run_id: int(pence) for run_id, pence in session.execute(query.group_by(part.run_id)) if pence is not None}

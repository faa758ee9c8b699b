"""Money that somebody has made by hand, an adjustment: nobody pays out alone what they have made.

Who made or cancelled an adjustment in a run neither authorises nor finalises the run. The command line, which asks
nobody, leaves payments with an adjustment that no second person has seen.
"""

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, session, utc_now
from models.payments.adjustment import Adjustment
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment


def makers_of(run: PaymentRun) -> set[int]:
    """Ids of the people who made or cancelled an adjustment of which a line is in the run, paid or to be paid."""
    rows = session.execute(
        select(Adjustment.created_by_id, Adjustment.cancelled_by_id).where(Adjustment.id.in_(_adjustments_in(run)))
    )
    return {user_id for row in rows for user_id in row if user_id is not None}


def _adjustments_in(run: PaymentRun) -> sa.Select[int | None]:
    line, part = PaymentLine, RunPayment
    return (
        select(line.adjustment_id)
        .join(part, part.payment_id == line.payment_id)
        .where(
            part.run_id == run.id, line.adjustment_id.is_not(None), sa.or_(line.run_id == run.id, line.run_id.is_(None))
        )
    )


def has_unseen() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: a draft of it is of an adjustment that nobody has seen but who made it."""
    line, payment = PaymentLine, ScheduledPayment
    return (
        select(line.id)
        .join(Adjustment, Adjustment.id == line.adjustment_id)
        .where(line.payment_id == payment.id, line.run_id.is_(None), Adjustment.seen_at.is_(None))
        .correlate(payment)
        .exists()
    )


def see(adjustment: Adjustment, *, by: User) -> None:
    """Say that a second person has seen the adjustment. DomainError for who made or cancelled it."""
    if by.id in (adjustment.created_by_id, adjustment.cancelled_by_id):
        raise DomainError("You made or cancelled this adjustment, so somebody else has to look at it")
    is_as_it_was = Adjustment.cancelled_at.is_(None) if adjustment.cancelled_at is None else sa.true()
    if not move(adjustment, Adjustment.seen_at.is_(None), is_as_it_was, seen_at=utc_now(), seen_by_id=by.id):
        raise DomainError("Somebody has seen this adjustment already, or it is cancelled now. Look at it again")
    record("adjustment.seen", adjustment, by=by, amount_pence=adjustment.amount_pence)

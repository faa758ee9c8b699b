"""Promises of closing: the run that finalises the last of a payment closes it, and only that run."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.payments.hold import Hold, has_hold
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.verify.broken import BrokenPromise

payment, member, run = ScheduledPayment, RunPayment, PaymentRun


def closed_by_a_run() -> Iterator[BrokenPromise]:
    """What is closed, a run has finalised that has it, for the bank day that both say."""
    its = sa.and_(member.payment_id == payment.id, member.run_id == payment.closed_run_id, member.is_finalised)
    rows = session.execute(
        select(payment.id, payment.closed_run_id, payment.bank_on, member.id.label("member_id"), member.bank_on)
        .outerjoin(member, its)
        .where(
            payment.closed_run_id.is_not(None),
            sa.or_(member.id.is_(None), member.bank_on.is_distinct_from(payment.bank_on)),
        )
        .order_by(payment.id)
    )
    for id_, run_id, bank_on, member_id, bank_on_of_run in rows:
        ids = {"payment": id_, "run": run_id or 0}
        if member_id is None:
            yield BrokenPromise("a payment is closed by a run that has paid it", ids=ids)
        else:
            of_run = f"{bank_on_of_run:%d/%m/%Y}" if bank_on_of_run else "no day"
            words = f"{bank_on:%d/%m/%Y}, the run says {of_run}"
            yield BrokenPromise("a payment is in the bank when its run says", words, ids)


def closed_without_hold() -> Iterator[BrokenPromise]:
    """No hold in force is on the whole of a payment that is closed."""
    is_held = has_hold(Hold.is_of_whole_payment, Hold.is_in_force)
    query = select(payment.id).where(payment.closed_run_id.is_not(None), is_held)
    for id_ in session.scalars(query.order_by(payment.id)):
        yield BrokenPromise("a closed payment is not held", ids={"payment": id_})


def partly_finalised() -> Iterator[BrokenPromise]:
    """A run that has finalised some of a payment has begun it, and closes it unless a row of it is held just then.
    Whether all the rest has gone since is no matter: the next run closes it.
    """
    held_then = (
        select(Hold.id)
        .where(
            Hold.payment_id == payment.id,
            ~Hold.is_of_whole_payment,
            ~Hold.is_paid,
            sa.or_(run.finalised_at.is_(None), Hold.placed_at <= run.finalised_at),
            sa.or_(Hold.released_at.is_(None), Hold.released_at >= run.authorised_at),
        )
        .correlate(payment, run)
        .exists()
    )
    rows = session.execute(
        select(payment.id, run.id.label("run_id"))
        .join(member, sa.and_(member.payment_id == payment.id, member.is_finalised))
        .join(run, run.id == member.run_id)
        .where(payment.closed_run_id.is_distinct_from(run.id), sa.or_(~payment.is_begun, ~held_then))
        .order_by(payment.id, run.id)
    )
    for row in rows:
        ids = {"payment": row.id, "run": row.run_id}
        yield BrokenPromise("a payment stays open only for what is held", "no row of it was held", ids)


CHECKS = (closed_by_a_run, closed_without_hold, partly_finalised)

"""Promises of runs."""

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of, utc_now
from models.money import gbp
from models.payments.open_runs import Waits, open_runs
from models.payments.payment import PaymentLine
from models.payments.run import PaymentRun, RunPayment
from models.verify.broken import BrokenPromise
from models.words import how_many

LONGEST = timedelta(days=1)
"""A run that is open for longer keeps its payments from being paid by another."""


def paid() -> Iterator[BrokenPromise]:
    """What a run has paid for a payment is what its lines come to, and no more than was authorised; all of it together
    neither.
    """
    member, line = RunPayment, PaymentLine
    of_lines = select(line.run_id, line.payment_id, sum_of(line.total_pence)).where(line.run_id.is_not(None))
    lines = {
        (run_id, payment_id): pence
        for run_id, payment_id, pence in session.execute(of_lines.group_by(line.run_id, line.payment_id))
    }
    of_members = select(member.run_id, member.payment_id, member.paid_pence, member.total_pence)
    members = {(row.run_id, row.payment_id): row for row in session.execute(of_members)}
    for run_id, payment_id in sorted({*lines, *members}):
        row, found = members.get((run_id, payment_id)), lines.get((run_id, payment_id), 0)
        paid = (row.paid_pence or 0) if row else 0
        ids = {"run": run_id, "payment": payment_id}
        if paid != found:
            yield BrokenPromise("a run pays what its lines come to", f"paid {gbp(paid)}, lines {gbp(found)}", ids)
        if row and paid > max(row.total_pence, 0):
            words = f"paid {gbp(paid)}, authorised {gbp(row.total_pence)}"
            yield BrokenPromise("a run pays no more than was authorised", words, ids)


def whole_runs() -> Iterator[BrokenPromise]:
    """All that a run has paid is no more than was authorised of it."""
    run, part = PaymentRun, RunPayment
    total = sum_of(sa.case((part.is_finalised, part.paid_pence), else_=0))
    query = select(run.id, run.total_pence, total).join(part, part.run_id == run.id).group_by(run.id, run.total_pence)
    for run_id, authorised, found in session.execute(query.having(total > run.total_pence).order_by(run.id)):
        words = f"paid {gbp(found)}, authorised {gbp(authorised)} in all"
        yield BrokenPromise("a run pays no more than was authorised", words, {"run": run_id})


def left_open() -> Iterator[BrokenPromise]:
    """What is begun is ended: no run is broken off, and none waits for somebody for more than a day."""
    for run in open_runs():
        words = f"it {run.waits.words}; {gbp(run.pence)} for {how_many(run.payments, 'payment')} waits in it"
        if run.waits is Waits.BROKEN_OFF:
            yield BrokenPromise("a run that was broken off is gone on with", words, {"run": run.id})
        elif utc_now() - run.since > LONGEST:
            yield BrokenPromise("no run waits for more than a day", words, {"run": run.id})


CHECKS = (paid, whole_runs, left_open)

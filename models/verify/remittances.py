"""Promises of remittances."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.money import gbp
from models.payments.remittance import Remittance, missing
from models.payments.run import RunPayment
from models.verify.broken import BrokenPromise

AT_ONCE = 500


def kept() -> Iterator[BrokenPromise]:
    """Whatever was finalised has a remittance. Those of an earlier version are written by `./portal payments
    remittances`.
    """
    for member in session.scalars(missing()):
        ids = {"run": member.run_id, "payment": member.payment_id}
        yield BrokenPromise("what was finalised has its remittance", "`./portal payments remittances` writes it", ids)


def unchanged() -> Iterator[BrokenPromise]:
    """A remittance comes to what its run paid to the bank, and says what it said on its day."""
    part, found = RunPayment, Remittance
    of_run = sa.and_(part.run_id == found.run_id, part.payment_id == found.payment_id)
    query = select(found, part.paid_pence.label("bank_pence")).join(part, of_run).order_by(found.id)
    for row in session.execute(query.execution_options(yield_per=AT_ONCE)):
        kept, bank_pence = row.Remittance, row.bank_pence or 0
        if kept.paid_pence == bank_pence == kept.advice.total_pence and kept.advice.sha256 == kept.sha256:
            continue
        words = f"it says {gbp(kept.advice.total_pence)}, the run paid {gbp(bank_pence)}"
        ids = {"run": kept.run_id, "payment": kept.payment_id}
        yield BrokenPromise("a remittance says what its run paid, and never changes", words, ids)


CHECKS = (kept, unchanged)

"""The money line: where the money of a payment, or of the payments of a run, is just now. Every page of the council's
that is about one shows the same six sums.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.payments.hold import Hold, is_kept_back
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.standing import Standing
from models.statements import built_once

P, line = ScheduledPayment, PaymentLine


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """Pence with VAT: calculated = paid + in_run + to_come + held + owed. What is blocked stands beside it."""

    calculated_pence: int
    held_pence: int
    """No run takes it: held by us, rejected, queried or not confirmed in time."""
    blocked_pence: int
    """Of care packages that are not authorised, not agreed or suspended. It is not calculated."""
    paid_pence: int
    """By runs, to the bank."""
    in_run_pence: int
    """What an open run pays to the bank."""
    owed_pence: int
    """Taken for what is owed, less what is added to it."""

    @property
    def to_come_pence(self) -> int:
        """What a later run pays, as things stand."""
        gone = self.held_pence + self.paid_pence + self.in_run_pence + self.owed_pence
        return self.calculated_pence - gone


def line_of(payment: ScheduledPayment, standing: Standing, *, is_in_run: bool) -> MoneyLine:
    """Of one payment; `is_in_run`: an open run has it."""
    return MoneyLine(
        calculated_pence=standing.total_pence,
        held_pence=standing.held_pence,
        blocked_pence=payment.waiting_pence,
        paid_pence=standing.paid_pence,
        in_run_pence=standing.bank_pence - standing.paid_pence if is_in_run else 0,
        owed_pence=standing.taken_pence - standing.added_pence,
    )


def sums_of_run(run: PaymentRun, left: Collection[int]) -> tuple[Select, Select]:
    """Two queries of one row, which `money_of` takes: what all payments in the run come to, whatever run has paid
    them, and their lines. `left`: ids of those that it would not take just now.
    """
    part = RunPayment
    is_to_pay = sa.and_(part.outcome.is_(None), part.payment_id.not_in(left)) if run.is_open else sa.false()
    in_run, taken = (sum_of(sa.case((is_to_pay, sum_), else_=0)) for sum_ in (part.total_pence, part.taken_pence))
    of_run = part.run_id == run.id
    of_payments = select(sum_of(P.total_pence), sum_of(P.waiting_pence), in_run, taken)
    of_payments = of_payments.join(part, sa.and_(part.payment_id == P.id, of_run))
    is_paid, is_draft = line.run_id.is_not(None), line.run_id.is_(None)
    of_row = (Hold.payment_id == line.payment_id, Hold.purchase_order_id == line.purchase_order_id, Hold.is_in_force)
    is_held = sa.or_(is_kept_back(), select(Hold.id).where(*of_row).correlate(line).exists())
    which = is_paid, sa.and_(is_paid, line.is_own), sa.and_(is_draft, is_held)
    of_lines = select(*(sum_of(sa.case((each, line.total_pence), else_=0)) for each in which))
    of_lines = of_lines.join(P, P.id == line.payment_id)
    members = select(part.payment_id).where(of_run)
    return of_payments, of_lines.where(line.payment_id.in_(members))


def money_of(of_payments: tuple[int, ...], of_lines: tuple[int, ...]) -> MoneyLine:
    """What rows of `sums_of_run` say."""
    calculated_pence, blocked_pence, in_run_pence, taken_pence = of_payments
    paid_pence, own_pence, held_pence = of_lines
    return MoneyLine(
        calculated_pence, held_pence, blocked_pence, paid_pence, in_run_pence,
        owed_pence=own_pence - paid_pence + taken_pence - in_run_pence,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunMark:
    """A run in which a payment is, or of which it is paid."""

    payment_id: int
    run_id: int
    is_paid: bool


def run_marks(payment_ids: Iterable[int]) -> dict[int, list[RunMark]]:
    """The runs that have paid something of each of these payments, or are to, by payment id and in their order."""
    found: dict[int, list[RunMark]] = {}
    for payment_id, run_id, is_paid in session.execute(_runs_of(), {"payment_ids": list(payment_ids)}):
        found.setdefault(payment_id, []).append(RunMark(payment_id, run_id, bool(is_paid)))
    return found


@built_once
def _runs_of() -> Select:
    part = RunPayment
    return (
        select(part.payment_id, part.run_id, part.is_finalised.label("is_finalised"))
        .join(PaymentRun, PaymentRun.id == part.run_id)
        .where(part.payment_id.in_(sa.bindparam("payment_ids", expanding=True)))
        .where(sa.or_(part.is_finalised, sa.and_(part.outcome.is_(None), PaymentRun.is_open)))
        .order_by(part.run_id)
    )

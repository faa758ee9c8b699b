"""What has become of payment runs, and of one payment in them."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, load_only

from models.accounts.user import User
from models.base import session, sum_of
from models.payments.adjustment import Adjustment
from models.payments.day_move import DayMove
from models.payments.hold import Hold, HoldAnswer, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import FINALISED, RunPayment
from models.payments.run_progress import RunProgress
from models.records.contract import Contract
from models.statements import built_once


def runs_of(payment: ScheduledPayment) -> Select[RunPayment]:
    """The payment in each of the runs that it is, or was, in, with the run: the newest first."""
    part = RunPayment
    query = select(part).options(joinedload(part.run)).where(part.payment_id == payment.id)
    return query.order_by(part.run_id.desc())


def people_of(payment: ScheduledPayment) -> Select[User]:
    """Who has answered it, held it or a row of it, said something to its provider or moved its days, and who made and
    has seen adjustments of its contract: their names.
    """
    answer, of_payment, of_contract = (
        HoldAnswer, Hold.payment_id == payment.id, Adjustment.contract_id == payment.contract_id,
    )  # fmt: skip
    ids: sa.CompoundSelect[Any] = sa.union(
        select(ScheduledPayment.answered_by_id).where(ScheduledPayment.id == payment.id),
        select(Hold.placed_by_id).where(of_payment),
        select(Hold.released_by_id).where(of_payment),
        select(answer.given_by_id).join(Hold, Hold.id == answer.hold_id).where(of_payment),
        select(DayMove.moved_by_id).where(DayMove.payment_id == payment.id),
        select(Adjustment.created_by_id).where(of_contract),
        select(Adjustment.seen_by_id).where(of_contract),
    )
    return select(User).options(load_only(User.name)).where(User.id.in_(ids)).order_by(User.id)


def askers_of(payment: ScheduledPayment) -> Select[User]:
    """Who has queried it, or a row of it: their names."""
    ids = select(Hold.placed_by_id).where(Hold.payment_id == payment.id, Hold.kind == HoldKind.QUERY)
    return select(User).options(load_only(User.name)).where(User.id.in_(ids)).order_by(User.id)


def spend_on(order_id: int) -> Sequence[Any]:
    """What payments hold of one purchase order: by payment and bank day, rows with its contract, days, net and VAT, and
    `is_paid`: a run has finalised it. What is not yet paid has the day on which its payment is to be in the bank.
    """
    return session.execute(_spend(), {"order_id": order_id}).all()


@built_once
def _spend() -> Select:
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
        .where(line.purchase_order_id == sa.bindparam("order_id", type_=sa.Integer()))
        .group_by(payment.id, *by, bank_on, is_paid)
        .order_by(payment.first_on.desc(), Contract.reference, bank_on.desc())
    )  # fmt: skip


def outcome_of(run_id: int) -> RunProgress:
    """What has become of a whole run so far."""
    return RunProgress(*session.execute(progress_of(run_id)).one())


def progress_of(run_id: int) -> Select:
    """One row with the fields of RunProgress, in their order."""
    part, line = RunPayment, PaymentLine
    is_left = sa.and_(part.outcome.is_not(None), ~part.is_finalised)

    def of(which: Any, pence: Any) -> sa.ColumnElement[int]:
        return sum_of(sa.case((which, pence), else_=0))

    lines = select(sa.func.count(line.id)).where(line.run_id == run_id).scalar_subquery()
    is_paid = part.is_finalised
    return select(
        of(is_paid, sa.literal(1)), lines, of(is_paid, part.paid_pence), of(is_left, sa.literal(1)),
        of(is_left, part.total_pence), of(is_paid, part.total_pence - part.paid_pence),
    ).where(part.run_id == run_id)  # fmt: skip


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

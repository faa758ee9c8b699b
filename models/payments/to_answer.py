"""What of a payment is still to be paid, row by row: what a confirmation lets go, and what a query would hold; and what
a confirmation did let go when it was given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun


@dataclass(frozen=True)
class ToAnswer:
    """A payment as its provider answers it; pence with VAT."""

    total_pence: int
    drafts: Mapping[int, int]
    """What no run has paid yet of each row, by its purchase order. A row that is paid, or only planned, is not here."""
    held: frozenset[int]
    """The rows of these that are held already: queried, or by the council."""

    @property
    def confirms_pence(self) -> int:
        """What a confirmation lets go: as Standing.to_confirm_pence."""
        return self.total_pence - sum(self.drafts[order_id] for order_id in self.held)

    def queried_pence(self, order_ids: Iterable[int]) -> int:
        """What queries of these rows are about."""
        return sum(self.drafts.get(order_id, 0) for order_id in order_ids)


def to_answer(payment: ScheduledPayment) -> ToAnswer:
    """One query, however many rows."""
    line = PaymentLine
    of_row = (Hold.payment_id == payment.id, Hold.purchase_order_id == line.purchase_order_id, Hold.is_in_force)
    is_held = select(Hold.id).where(*of_row).correlate(line).exists()
    query = (
        select(line.purchase_order_id, sum_of(line.total_pence).label("pence"), is_held.label("is_held"))
        .where(line.payment_id == payment.id, line.run_id.is_(None), line.is_own)
        .group_by(line.purchase_order_id)
    )
    rows = session.execute(query).all()
    drafts = {row.purchase_order_id: row.pence for row in rows}
    return ToAnswer(payment.total_pence, drafts, frozenset(row.purchase_order_id for row in rows if row.is_held))


@dataclass(frozen=True)
class Confirmed:
    """What a confirmation was about when it was given, whatever was released or held since; pence with VAT."""

    pence: int
    """What it let go: what the button said."""
    queried_pence: int = 0
    """Of rows that its person queried, or had queried before, and that are held for it."""
    held_pence: int = 0
    """Of rows that the council held then."""


def confirmed_of(payment: ScheduledPayment) -> Confirmed:
    """Nothing of a payment that is not confirmed. One query. A row that a run had paid already was not held."""
    if payment.answered_pence is None or payment.confirmation is not Confirmation.CONFIRMED:
        return Confirmed(0)
    line, run, at = PaymentLine, PaymentRun, payment.answered_at
    of_row = Hold.payment_id == payment.id, Hold.purchase_order_id == line.purchase_order_id, ~Hold.is_paid
    came_with_it = sa.and_(Hold.kind == HoldKind.QUERY, Hold.placed_at >= at)
    stood = sa.and_(Hold.placed_at <= at, sa.or_(~Hold.is_released, Hold.released_at > at))
    then = sa.or_(came_with_it, stood)
    is_held = select(Hold.id).where(*of_row, then).correlate(line).exists()
    is_queried = select(Hold.id).where(*of_row, then, Hold.kind == HoldKind.QUERY).correlate(line).exists()
    pence = line.total_pence
    query = (
        select(
            sum_of(sa.case((is_queried, pence), else_=0)),
            sum_of(sa.case((sa.and_(is_held, ~is_queried), pence), else_=0)),
        )
        .outerjoin(run, run.id == line.run_id)
        .where(line.payment_id == payment.id, line.is_own, sa.or_(line.run_id.is_(None), run.authorised_at > at))
    )
    queried_pence, held_pence = session.execute(query).one()
    return Confirmed(payment.answered_pence - queried_pence - held_pence, queried_pence, held_pence)

"""What of a payment is still to be paid, row by row: what a confirmation lets go, and what a query would hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from models.base import session, sum_of
from models.payments.hold import Hold
from models.payments.payment import PaymentLine, ScheduledPayment


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

"""What a payment's page says of its rows, from its lines or, before it has begun, from its plan; and how each amount
was worked out, which is read only for the rows that somebody opens, files or prints.
"""

from dataclasses import dataclass

from models.base import session
from models.calendar import Span
from models.payments.confirmation import Processing
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.reports.explanation import Line, Order, Row, tell
from models.reports.payment_rows import CLAIMS, EVERY_ROW, PaymentRow, Rows, Show, Wanted, key_of, rows_on_record
from models.reports.planned import planned_lines, planned_rows
from models.words import folded


def rows_of(
    payment: ScheduledPayment, wanted: Wanted = EVERY_ROW, *, offset: int = 0, limit: int | None = None
) -> Rows:
    """The wanted rows of a payment, from `offset` on, no more than `limit`: plain data, without their working. What
    runs have carried is none of them: see models.payments.standing.
    """
    if payment.processing is Processing.FUTURE:
        return planned_rows(payment, with_working(payment), wanted, offset, limit)
    return rows_on_record(payment, wanted, offset=offset, limit=limit)


def with_working(payment: ScheduledPayment, key: str | None = None) -> list[Row]:
    """Rows of a payment with how they were worked out, in the order of the names that are shown: every one, or the one
    that addresses call `key`. Empty where there is none.
    """
    lines = _lines(payment, key)
    if payment.processing is Processing.FUTURE:
        lines = [line for line in planned_lines(payment) if key in (None, _key(line.order))] + lines
    return sorted(tell(lines, payment.span), key=lambda row: _place(row.order))


def _lines(payment: ScheduledPayment, key: str | None) -> list[Line]:
    """The payment's own lines: all, or those of one row."""
    query = PaymentLine.of(payment).where(PaymentLine.payment_id == payment.id, PaymentLine.is_own)
    if key is not None:
        client_id, year = map(int, key.split("-"))
        of_client = PurchaseOrder.client_id == client_id if client_id else PurchaseOrder.client_id.is_(None)
        query = query.where(of_client, PurchaseOrder.financial_year == year)
    return [_line(line) for line in session.scalars(query)]


def _line(line: PaymentLine) -> Line:
    return Line(
        order=_order(line.purchase_order) if line.purchase_order else None,
        component=line.component,
        source=(line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id, line.invoice_line_id),
        first=line.first_on,
        last=line.last_on,
        net_pence=line.net_pence,
        vat_pence=line.vat_pence,
        working=line.working,
    )


def _order(order: PurchaseOrder) -> Order:
    client = order.client
    reference, name = (client.reference, client.full_name) if client else ("", CLAIMS)
    return Order(order.id, order.short_title, reference, order.client_id, order.financial_year, name)


def _key(order: Order | None) -> str:
    return key_of(order.client_id, order.year) if order else ""


def _place(order: Order | None) -> tuple[bool, str, int]:
    """One-off claims first, then by the names that are shown, the newer order first."""
    return (order.client_id is not None, folded(order.title), -order.year) if order else (True, "", 0)


@dataclass(frozen=True)
class Told:
    """A payment's rows, and how they differ from the payment before it, if there is one."""

    rows: list[Row]
    before: Span | None
    changes: list[PaymentRow]

    @property
    def difference_pence(self) -> int:
        """How much more it is than the payment before, VAT included."""
        return sum(change.change_pence for change in self.changes)


def told(payment: ScheduledPayment) -> Told:
    """All of a payment's rows with their working, and those that have changed."""
    changed = rows_of(payment, Wanted(show=Show.CHANGED))
    before = changed.before or rows_of(payment, limit=1).before
    return Told(with_working(payment), before, list(changed.items))

"""What a payment's page says of its rows, from its lines or, before it has begun, from its plan; and how each amount
was worked out, which is read only for the rows that somebody opens, files or prints.
"""

from dataclasses import replace

from models.base import session
from models.payments.confirmation import Processing
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.reports.explanation import Line, Order, Row, tell
from models.reports.payment_rows import CLAIMS, EVERY_ROW, Rows, Wanted, key_of, rows_on_record
from models.reports.plan import Plan, plan_of
from models.reports.planned import planned_lines, planned_rows
from models.words import folded


def rows_of(
    payment: ScheduledPayment,
    wanted: Wanted = EVERY_ROW,
    *,
    offset: int = 0,
    limit: int | None = None,
    of_long: int | None = None,
) -> Rows:
    """The wanted rows of a payment, from `offset` on, no more than `limit`; where there are more of them in all, no
    more than `of_long`. Plain data, without their working; what runs have carried is none of them.
    """
    if payment.processing is Processing.FUTURE:
        plan = plan_of(payment)
        rows = planned_rows(plan, _told(payment, _of_plan(payment, plan)), wanted, offset, limit)
        is_long = limit is not None and rows.count > limit
        return replace(rows, items=rows.items[:of_long]) if is_long else rows
    return rows_on_record(payment, wanted, offset=offset, limit=limit, of_long=of_long)


def with_working(payment: ScheduledPayment, key: str | None = None) -> list[Row]:
    """Rows of a payment with how they were worked out, in the order of the names that are shown: every one, or the one
    that addresses call `key`. Empty where there is none.
    """
    if payment.processing is Processing.FUTURE:
        client_id = int(key.split("-")[0]) if key is not None else None
        lines = _of_plan(payment, plan_of(payment, client_id), key)
    else:
        lines = _lines(payment, key)
    return _told(payment, lines)


def _told(payment: ScheduledPayment, lines: list[Line]) -> list[Row]:
    return sorted(tell(lines, payment.span), key=lambda row: _place(row.order))


def _of_plan(payment: ScheduledPayment, plan: Plan, key: str | None = None) -> list[Line]:
    """What is planned and, where the payment has lines already, these too: all, or those of one row."""
    lines = [line for line in planned_lines(payment, plan) if key in (None, _key(line.order))]
    return lines + _lines(payment, key) if plan.has_lines else lines


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

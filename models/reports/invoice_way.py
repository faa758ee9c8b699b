"""What of an approved invoice is not paid: in which payments its lines stand, and what of them waits, and why."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models.base import choice, session, sum_of
from models.calendar import Span
from models.payments.payment import PaymentLine, ScheduledPayment
from models.records.care_package import CarePackageLineItem
from models.records.invoice import Invoice, InvoiceLine
from models.reports.waiting_reasons import Reason
from models.reports.waits import blocked_reason
from models.statements import TODAY


@dataclass(frozen=True, slots=True)
class Part:
    """Pence with VAT, below 0 where they are taken back: in a payment that is not paid, or waiting for a reason."""

    pence: int
    span: Span | None
    """The period of the payment."""
    reason: Reason | None
    """Why it is in no payment."""


def on_its_way(invoice: Invoice) -> list[Part]:
    """Of an approved invoice or credit note of a contract that pays by invoice: payments by day, then what waits. One
    query.
    """
    line, own, item, payment = PaymentLine, InvoiceLine, CarePackageLineItem, ScheduledPayment
    coming = (
        select(
            payment.first_on, payment.last_on, sa.cast(sa.null(), sa.Text).label("reason"),
            sum_of(line.total_pence).label("pence"),
        )
        .join(line, line.payment_id == payment.id)
        .join(own, own.id == line.invoice_line_id)
        .where(own.invoice_id == invoice.id, line.run_id.is_(None))
        .group_by(payment.id, payment.first_on, payment.last_on)
    )  # fmt: skip
    placed = (
        select(sum_of(line.total_pence))
        .where(line.invoice_line_id == own.id, line.provider_id == own.provider_id)
        .correlate(own)
        .scalar_subquery()
    )
    blocked = blocked_reason()
    is_ready = sa.and_(blocked == Reason.LATER, item.authorised_on <= TODAY)
    reason = sa.case((is_ready, Reason.UNCALCULATED.value), else_=sa.cast(blocked, sa.Text))
    each = (
        select(reason.label("reason"), (invoice.kind.sign * (own.net_pence + own.vat_pence) - placed).label("pence"))
        .join(item, item.id == own.item_id)
        .where(own.invoice_id == invoice.id)
        .subquery()
    )
    waits = (
        select(sa.cast(sa.null(), sa.Date), sa.cast(sa.null(), sa.Date), each.c.reason, sum_of(each.c.pence))
        .group_by(each.c.reason)
        .having(sum_of(each.c.pence) != 0)
    )  # fmt: skip
    found = sa.union_all(coming, waits).subquery()
    reasons = sa.type_coerce(found.c.reason, choice(Reason))
    query = select(found.c.pence, found.c.first_on, found.c.last_on, reasons.label("reason"))
    return [
        Part(row.pence, _span(row.first_on, row.last_on), row.reason)
        for row in session.execute(query.order_by(found.c.first_on.is_(None), found.c.first_on, found.c.reason))
    ]


def _span(first: date | None, last: date | None) -> Span | None:
    return Span(first, last) if first is not None and last is not None else None

"""Reading the lines of decided invoices, which contracts that pay by invoice are entitled to; and what of invoices runs
have paid.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import Select, func, select

from models.base import session, sum_of
from models.calendar import Span
from models.engine.facts import InvoicedSum
from models.payments.payment import PaymentLine
from models.payments.run import RunPayment
from models.records.care_package import CarePackageLineItem
from models.records.contract import ServiceLevel
from models.records.invoice import Invoice, InvoiceLine, InvoiceStatus


def invoiced(provider_ids: list[int]) -> Iterator[tuple[int, InvoicedSum]]:
    """Contract id and line of every decided invoice and credit note: what was rejected comes to nothing, so that what
    was paid of it is taken back. Named by the service and the provider's own number, never by what they have typed.
    """
    line, own, item = InvoiceLine, Invoice, CarePackageLineItem
    query = (
        select(
            own.contract_id, own.kind, own.number, own.status, own.decided_on, line.id, line.item_id, line.first_on,
            line.last_on, line.net_pence, line.vat_pence, item.client_id, ServiceLevel.name,
        )
        .join(own, own.id == line.invoice_id)
        .join(item, item.id == line.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .where(line.provider_id.in_(provider_ids), own.decided_on.is_not(None))
        .order_by(line.id)
    )  # fmt: skip
    for row in session.execute(query):
        sign = row.kind.sign if row.status is InvoiceStatus.APPROVED else 0
        name = f"{row.name} ({row.kind.label.lower()} {row.number})"
        yield row.contract_id, InvoicedSum(
            row.id, row.item_id, row.client_id, name, Span(row.first_on, row.last_on), sign * row.net_pence,
            sign * row.vat_pence, row.decided_on,
        )  # fmt: skip


def paid_of_invoices() -> sa.Subquery:
    """By invoice (`invoice_id`): what runs have paid of it with VAT, above 0 of a credit note too, which they take back
    (`paid_pence`), and the latest of their bank days (`paid_on`).
    """
    line, own, part = PaymentLine, InvoiceLine, RunPayment
    sign = Invoice.sign
    return (
        select(
            own.invoice_id, sum_of(sign * line.total_pence).label("paid_pence"), func.max(part.bank_on).label("paid_on")
        )
        .join(own, own.id == line.invoice_line_id)
        .join(Invoice, Invoice.id == own.invoice_id)
        .join(part, sa.and_(part.payment_id == line.payment_id, part.run_id == line.run_id))
        .where(line.run_id.is_not(None))
        .group_by(own.invoice_id)
        .subquery("paid_of_invoices")
    )


def paid_by_line(invoice_id: int) -> Select:
    """Rows of the invoice's lines of which something is paid: `line_id`, and the pence with VAT as runs have paid
    them, below 0 where they took back.
    """
    line, own = PaymentLine, InvoiceLine
    query = select(own.id.label("line_id"), sum_of(line.total_pence).label("pence"))
    query = query.join(line, line.invoice_line_id == own.id)
    return query.where(own.invoice_id == invoice_id, line.run_id.is_not(None)).group_by(own.id).order_by(own.id)

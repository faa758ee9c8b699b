"""Promises of invoices and credit notes."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import session, sum_of
from models.money import gbp
from models.payments.payment import PaymentLine
from models.records.invoice import DECIDED, SENT, Invoice, InvoiceHold, InvoiceKind, InvoiceLine, InvoiceStatus
from models.verify.broken import BrokenPromise


def sums() -> Iterator[BrokenPromise]:
    """An invoice comes to its lines."""
    line = InvoiceLine
    net, vat = sum_of(line.net_pence), sum_of(line.vat_pence)
    query = (
        select(Invoice.id, Invoice.net_pence, Invoice.vat_pence, net.label("net"), vat.label("vat"))
        .outerjoin(line, line.invoice_id == Invoice.id)
        .group_by(Invoice.id, Invoice.net_pence, Invoice.vat_pence)
        .having(sa.or_(net != Invoice.net_pence, vat != Invoice.vat_pence))
        .order_by(Invoice.id)
    )
    for row in session.execute(query):
        words = f"{gbp(row.net_pence + row.vat_pence)}, its lines {gbp(row.net + row.vat)}"
        yield BrokenPromise("an invoice comes to its lines", words, {"invoice": row.id})


def undecided() -> Iterator[BrokenPromise]:
    """What the council has not decided stands in no payment."""
    query = (
        select(PaymentLine.id, InvoiceLine.invoice_id)
        .join(InvoiceLine, InvoiceLine.id == PaymentLine.invoice_line_id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.status.not_in(DECIDED))
        .order_by(PaymentLine.id)
    )
    for line_id, invoice_id in session.execute(query):
        yield BrokenPromise("an invoice is paid once it is approved", ids={"invoice": invoice_id, "line": line_id})


def held() -> Iterator[BrokenPromise]:
    """An invoice is on hold as long as it has a hold that is not ended."""
    open_one = select(InvoiceHold.id).where(InvoiceHold.invoice_id == Invoice.id, InvoiceHold.ended_at.is_(None))
    is_held = Invoice.status == InvoiceStatus.ON_HOLD
    query = select(Invoice.id).where(sa.or_(sa.and_(is_held, ~open_one.exists()), sa.and_(~is_held, open_one.exists())))
    for invoice_id in session.scalars(query.order_by(Invoice.id)):
        yield BrokenPromise("an invoice is on hold for a reason", ids={"invoice": invoice_id})


def credited() -> Iterator[BrokenPromise]:
    """Credit notes take back no more than a line of their invoice has."""
    of, line = sa.orm.aliased(InvoiceLine), InvoiceLine
    taken = sum_of(line.net_pence + line.vat_pence)
    query = (
        select(of.id, of.invoice_id, taken.label("taken"), (of.net_pence + of.vat_pence).label("has"))
        .join(line, line.credits_line_id == of.id)
        .join(Invoice, Invoice.id == line.invoice_id)
        .where(Invoice.status.in_(SENT))
        .group_by(of.id, of.invoice_id, of.net_pence, of.vat_pence)
        .having(sa.or_(func.sum(line.net_pence) > of.net_pence, func.sum(line.vat_pence) > of.vat_pence))
        .order_by(of.id)
    )
    for row in session.execute(query):
        words = f"{gbp(row.taken)} of {gbp(row.has)}"
        ids = {"invoice": row.invoice_id, "line": row.id}
        yield BrokenPromise("credit notes take back no more than there is", words, ids)


def taken_back() -> Iterator[BrokenPromise]:
    """A credit note that takes back does so of an invoice that is approved: what was paid of another one is taken back
    already.
    """
    of, note = sa.orm.aliased(Invoice), Invoice
    is_other = sa.or_(of.status != InvoiceStatus.APPROVED, of.kind != InvoiceKind.INVOICE)
    query = select(note.id, of.id).join(of, of.id == note.credits_id)
    query = query.where(note.status == InvoiceStatus.APPROVED, is_other).order_by(note.id)
    for note_id, invoice_id in session.execute(query):
        ids = {"credit_note": note_id, "invoice": invoice_id}
        yield BrokenPromise("a credit note takes back of an approved invoice", ids=ids)


CHECKS = (sums, undecided, held, credited, taken_back)

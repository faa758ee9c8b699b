"""What is left of an invoice once its credit notes are taken off, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from models.base import DomainError, session
from models.money import gbp, number
from models.records.invoice import SENT, Invoice, InvoiceKind, InvoiceLine, InvoiceStatus


@dataclass(frozen=True)
class Left:
    """Of one line: pence, and the quantity in ten-thousandths."""

    net_pence: int
    vat_pence: int
    quantity_e4: int

    @property
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence


def left_of(invoice_id: int, *, but: int = 0) -> dict[int, Left]:
    """By line of the invoice: what credit notes that were sent, and neither rejected nor cancelled, leave of it. The
    credit note numbered `but` is not counted. Nothing is left of an invoice that is not approved (any more): what was
    paid of it is taken back by that.
    """
    query = select(InvoiceLine, Invoice.status).join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    own = session.execute(query.where(Invoice.id == invoice_id).order_by(InvoiceLine.id)).all()
    taken = _taken(invoice_id, but)
    nothing = Left(0, 0, 0)
    return {
        line.id: Left(
            line.net_pence - gone.net_pence, line.vat_pence - gone.vat_pence, line.quantity_e4 - gone.quantity_e4
        )
        if status is InvoiceStatus.APPROVED
        else nothing
        for line, status in own
        for gone in (taken.get(line.id, nothing),)
    }


def _taken(invoice_id: int, but: int) -> Mapping[int, Left]:
    line, note = InvoiceLine, Invoice
    sums = (func.sum(each) for each in (line.net_pence, line.vat_pence, line.quantity_e4))
    query = (
        select(line.credits_line_id, *sums)
        .join(note, note.id == line.invoice_id)
        .where(note.credits_id == invoice_id, note.id != but, note.status.in_(SENT))
        .where(note.kind == InvoiceKind.CREDIT_NOTE)
        .group_by(line.credits_line_id)
    )
    return {row.credits_line_id or 0: Left(int(row[1]), int(row[2]), int(row[3])) for row in session.execute(query)}


def exceeds(line: InvoiceLine, left: Left) -> bool:
    """Whether a line of a credit note takes back more than is left, in any of its sums."""
    asked = line.net_pence, line.vat_pence, line.quantity_e4
    return any(one > rest for one, rest in zip(asked, (left.net_pence, left.vat_pence, left.quantity_e4), strict=True))


def insist_is_left(note: Invoice) -> None:
    """DomainError where the credit note takes back more of a line of its invoice than is left of it, or the invoice is
    not approved any more.
    """
    of = session.scalars(select(Invoice).where(Invoice.id == note.credits_id)).one()
    if of.status is not InvoiceStatus.APPROVED:
        raise DomainError(
            f"{of.called} is {of.status.value}, and pays nothing, so {note.called.lower()} has nothing to take back"
        )
    left = left_of(of.id, but=note.id)
    lines = session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == note.id).order_by(InvoiceLine.id))
    for line in lines:
        rest = left.get(line.credits_line_id or 0, Left(0, 0, 0))
        if exceeds(line, rest):
            raise DomainError(
                f"{note.called} takes back {gbp(line.gross_pence)} for {line.span.words()}, and "
                f"{gbp(rest.gross_pence)} ({number(max(0, rest.quantity_e4))} units) is left of that line. Take back "
                "no more than is left"
            )


def why_not_credited(invoice: Invoice, *, but: int = 0) -> str:
    """Why no credit note can take back of the invoice; empty where one can. The credit note numbered `but` is not
    counted.
    """
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        return f"{invoice.called} takes back already. A credit note takes back of an invoice"
    if invoice.status is not InvoiceStatus.APPROVED:
        return f"{invoice.called} is not approved. A credit note takes back of an approved invoice"
    if not any(each.quantity_e4 > 0 for each in left_of(invoice.id, but=but).values()):
        return f"Nothing is left of {invoice.called.lower()}: credit notes that were sent take all of it back"
    return ""


def credited(invoice_ids: Select[int]) -> dict[int, int]:
    """Pence with VAT, by invoice, that approved credit notes take back of those of these that have any."""
    note = Invoice
    query = (
        select(note.credits_id, func.sum(note.net_pence + note.vat_pence))
        .where(note.credits_id.in_(invoice_ids), note.status == InvoiceStatus.APPROVED)
        .group_by(note.credits_id)
    )
    return {row[0] or 0: int(row[1]) for row in session.execute(query)}


def has_credit_notes(invoice: Invoice) -> bool:
    """Whether a credit note for it was sent, and is neither rejected nor cancelled."""
    query = select(Invoice.id).where(Invoice.credits_id == invoice.id, Invoice.status.in_(SENT)).limit(1)
    return session.scalar(query) is not None

"""One invoice as the council sees it: matched line by line."""

from flask import url_for

from blueprints.access import may, me, requires
from blueprints.admin.invoices import bp
from blueprints.lookups import get_or_404
from blueprints.pages import render
from blueprints.reading import reads_client_records
from forms.council_invoices import ApproveForm
from models.base import session
from models.billing.invoice_deciding import may_decide
from models.billing.invoice_facts import Facts
from models.billing.invoice_listing import credit_notes_of, in_queue, is_paid_by_portal, numbered
from models.billing.invoice_matching import Beside, matched_with
from models.billing.invoice_report import left_to_pay
from models.calendar import today
from models.permissions import Permission
from models.records.invoice import InvoiceState, state_of
from models.reports.invoice_way import on_its_way


@bp.get("/<int:invoice_id>")
@requires(Permission.VIEW_EVERY_INVOICE)
@reads_client_records
def show(invoice_id):
    return invoice_page(loaded(invoice_id))


def loaded(invoice_id):
    """A draft does not exist for the council: nobody has sent it."""
    return get_or_404(numbered(invoice_id, was_sent=True))


def invoice_page(invoice, form=None):
    """The page, with the form that approves as it was sent where it was refused."""
    form = form or ApproveForm(formdata=None)
    form.is_of(invoice)
    decides = may(Permission.DECIDE_INVOICES)
    is_own = decides and not may_decide(invoice, me())
    state = state_of(invoice.status, invoice.gross_pence, invoice.paid_pence)
    facts = Facts.of_items({line.item_id for line in invoice.lines})
    beside, pays = Beside.of(invoice), is_paid_by_portal(invoice)
    is_over = invoice.status.is_rejected or invoice.status.is_cancelled
    is_approved = invoice.status.is_approved
    notes = session.execute(credit_notes_of(invoice.id, with_drafts=False)).all() if is_approved else []
    credited = -sum(each.gross_pence for each in notes if each.status.is_approved)
    left = left_to_pay(state, invoice.gross_pence, invoice.paid_pence, credited)
    is_counted = invoice.kind.is_invoice and pays and not is_over and (left or invoice.paid_pence)
    return render(
        "admin/invoices/show.html",
        invoice=invoice,
        state=state,
        paid_pence=invoice.paid_pence,
        paid_on=invoice.paid_on,
        clock=beside.figures.clock(
            valid_on=invoice.valid_on if is_counted else None,
            paid_on=None if left else invoice.paid_on,
            gross_pence=left or invoice.gross_pence,
            as_on=today(),
        ),
        items=facts.items,
        matching=matched_with(invoice, facts),
        alike=beside.alike,
        pays=pays,
        way=on_its_way(invoice) if is_approved and pays and state is not InvoiceState.PAID else [],
        payment_at=lambda part: url_for(
            "admin.payments.show", reference=invoice.contract.reference, first_on=part.span.first
        ),
        notes=notes,
        today=today(),
        tell_by=beside.figures.tell_by(invoice.received_on) if invoice.status.is_submitted else None,
        form=form,
        decides=decides and not is_own,
        manages=may(Permission.MANAGE_INVOICE_RULES) and may_decide(invoice, me()),
        is_own=is_own,
        next=next_invoice(invoice.id),
    )  # fmt: skip


def next_invoice(invoice_id, *, wraps=False):
    """The address of the invoice that comes after this one in the queue; None at its end, or with `wraps` the first."""
    ids = list(session.scalars(in_queue()))
    at = ids.index(invoice_id) if invoice_id in ids else -1
    later = ids[at + 1 :] or (ids[:at] if wraps else [])
    return url_for("admin.invoices.show", invoice_id=later[0]) if later else None

"""Credit notes: begun from an approved invoice, and what they take back of each of its lines."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.pages import done, refusals_on, render
from blueprints.provider.invoices import bp
from blueprints.provider.invoices.index import loaded
from blueprints.reading import reads_client_records
from forms.invoices import CreditForm, TakeBackForm
from models.base import session
from models.billing.credited import left_of, why_not_credited
from models.billing.invoice_facts import Facts
from models.billing.invoice_lines import take_back
from models.billing.invoicing import IS_OVER, new_invoice
from models.calendar import today
from models.money import gbp
from models.permissions import Permission
from models.records.invoice import InvoiceKind


@bp.route("/<int:invoice_id>/credit", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
@reads_client_records
def credit(invoice_id):
    """Begin a credit note against an approved invoice."""
    invoice = loaded(invoice_id)
    form = CreditForm(data={"invoiced_on": today()})
    if form.validate_on_submit():
        with refusals_on(form):
            note = new_invoice(invoice.contract, form.head, kind=InvoiceKind.CREDIT_NOTE, credits=invoice, by=me())
            session.flush()
            take_back(note, form.take.data, by=me())
            return done(f"{note.called} takes back {gbp(note.gross_pence)}. Check it, then send it", then=_there(note))
        invoice = loaded(invoice_id)
    return _page(invoice, form, None)


@bp.route("/<int:invoice_id>/take-back", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
@reads_client_records
def take(invoice_id):
    """Change what a credit note takes back."""
    note, form = loaded(invoice_id), TakeBackForm()
    if form.validate_on_submit():
        with refusals_on(form):
            take_back(note, form.take.data, by=me())
            return done(f"{note.called} takes back {gbp(note.gross_pence)} now", then=_there(note))
        note = loaded(invoice_id)
    return _page(loaded(note.credits_id) if note.credits_id else note, form, note)


def _page(invoice, form, note):
    why = "" if form.is_submitted() else _why_not(invoice, note)
    taken = {line.credits_line_id: line.quantity_e4 for line in note.lines} if note else {}
    left = left_of(invoice.id, but=note.id if note else 0)
    items = Facts.of_invoice(invoice).items
    return render(
        "provider/invoices/credit.html", invoice=invoice, items=items, form=form, note=note, left=left, taken=taken,
        why=why,
    )  # fmt: skip


def _why_not(invoice, note):
    """Why nothing can be taken back: said instead of the form, before anybody fills it in."""
    if note and note.kind.is_invoice:
        return f"{note.called} is no credit note"
    if note and not note.status.is_editable:
        return f"{note.called} cannot be changed. {IS_OVER[note.status]}"
    return why_not_credited(invoice, but=note.id if note else 0)


def _there(note):
    return url_for(".show", invoice_id=note.id)

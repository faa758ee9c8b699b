"""What an officer does with one invoice: approve, hold, release, reject."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.invoices import bp
from blueprints.admin.invoices.show import invoice_page, loaded, next_invoice
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.refusals import stays_on
from forms.council_invoices import ApproveForm, HoldForm, RejectForm
from forms.invoices import SeenInvoiceForm
from models.base import session
from models.billing import invoice_deciding as deciding
from models.money import gbp
from models.permissions import Permission
from models.records.invoice_rule import HoldReason

ONE = "/<int:invoice_id>"


@bp.post(f"{ONE}/approve")
@requires(Permission.DECIDE_INVOICES)
@reads_client_records
def approve(invoice_id):
    invoice = loaded(invoice_id)
    form = ApproveForm()
    there = next_invoice(invoice_id, wraps=True)
    if form.validate_on_submit():
        with refusals_on(form):
            deciding.approve(invoice, seen=form.seen.data, note=form.note.data, by=me())
            return _on(f"{invoice.called} is approved: {gbp(invoice.kind.sign * invoice.gross_pence)}", there)
    return invoice_page(loaded(invoice_id), form)


@bp.route(f"{ONE}/hold", methods=["GET", "POST"])
@requires(Permission.DECIDE_INVOICES)
def hold(invoice_id):
    invoice, form = loaded(invoice_id), HoldForm()
    reasons = {str(each.id): each for each in session.scalars(HoldReason.offered())}
    form.offer(reasons.values())
    if form.validate_on_submit():
        there = next_invoice(invoice_id, wraps=True)
        with refusals_on(form):
            deciding.hold(invoice, reasons[form.reason.data], note=form.note.data, by=me(), seen=form.seen.data)
            return _on(f"{invoice.called} is on hold. Its provider is told", there)
        invoice = loaded(invoice_id)
    words = "Its provider is told today by mail, with the sentence that you choose."
    return _act(invoice, form, "Put on hold", words)


@bp.route(f"{ONE}/reject", methods=["GET", "POST"])
@requires(Permission.DECIDE_INVOICES)
def reject(invoice_id):
    invoice, form = loaded(invoice_id), RejectForm()
    if form.validate_on_submit():
        there = next_invoice(invoice_id, wraps=True)
        with refusals_on(form):
            deciding.reject(invoice, form.reason.data, by=me(), seen=form.seen.data)
            return _on(f"{invoice.called} is rejected", there)
        invoice = loaded(invoice_id)
    return _act(invoice, form, "Reject", "It pays nothing; what was paid of it is taken back. Its provider is told.")


@bp.post(f"{ONE}/release")
@requires(Permission.DECIDE_INVOICES)
@reads_client_records
@stays_on("admin.invoices.show")
def release(invoice_id):
    return _released(invoice_id)


@bp.post(f"{ONE}/release-as-manager")
@requires(Permission.MANAGE_INVOICE_RULES)
@reads_client_records
@stays_on("admin.invoices.show")
def release_as_manager(invoice_id):
    """Of a hold whose reason is for a manager to release."""
    return _released(invoice_id)


def _released(invoice_id):
    invoice, form = loaded(invoice_id), SeenInvoiceForm()
    deciding.release(invoice, by=me(), seen=form.seen.data or "")
    return done(f"{invoice.called} is released", then=url_for(".show", invoice_id=invoice_id))


def _act(invoice, form, title, words):
    form.is_of(invoice)
    return render("admin/invoices/act.html", invoice=invoice, form=form, title=title, words=words)


def _on(message, there):
    """Done: to the invoice that comes next, at the end of the queue to the list."""
    return done(message, then=there or url_for(".index"))

"""What a provider does with a whole invoice: send, cancel, remove."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.pages import done, refusals_on, render
from blueprints.provider.invoices import bp
from blueprints.provider.invoices.index import invoice_page, loaded
from blueprints.reading import reads_client_records
from forms.base import ButtonForm
from forms.invoices import SeenInvoiceForm
from models.billing import invoicing
from models.money import gbp
from models.permissions import Permission


@bp.post("/<int:invoice_id>/send")
@requires(Permission.SUBMIT_INVOICES)
@reads_client_records
def send(invoice_id):
    invoice, form = loaded(invoice_id), SeenInvoiceForm()
    if form.validate_on_submit():
        with refusals_on(form):
            invoicing.submit(invoice, seen=form.seen.data, by=me())
            return done(f"{invoice.called} for {gbp(invoice.gross_pence)} is with the council", then=_there(invoice))
    return invoice_page(loaded(invoice_id), sending=form)


@bp.route("/<int:invoice_id>/cancel", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
def cancel(invoice_id):
    return _act(
        invoice_id, invoicing.cancel, "Cancel", "is cancelled. Its number is free again",
        "The council does not decide it, and it is not paid. Its number is free again.",
    )  # fmt: skip


@bp.route("/<int:invoice_id>/remove", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
def remove(invoice_id):
    return _act(
        invoice_id, invoicing.remove, "Remove", "is removed", "The draft goes with its lines. It was never sent."
    )


def _act(invoice_id, verb, title, outcome, words):
    invoice, form = loaded(invoice_id), ButtonForm()
    called = invoice.called
    if form.validate_on_submit():
        with refusals_on(form):
            verb(invoice, by=me())
            return done(f"{called} {outcome}", then=url_for(".index"))
        invoice = loaded(invoice_id)
    return render(
        "provider/invoices/act.html", invoice=invoice, form=form, title=f"{title} {called.lower()}", words=words
    )


def _there(invoice):
    return url_for(".show", invoice_id=invoice.id)

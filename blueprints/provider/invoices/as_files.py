"""One invoice as PDF, CSV, Excel and UBL; and an invoice that comes as a UBL file."""

from flask import Response, url_for

from blueprints.access import me, requires, viewed
from blueprints.attachments import takes_files
from blueprints.download import table_file
from blueprints.frame import settings
from blueprints.pages import done, refusals_on, render
from blueprints.provider.invoices import bp
from blueprints.provider.invoices.index import loaded
from blueprints.reading import reads_client_records
from blueprints.report_page import send_pdf
from exchange.downloads.invoices import lines_data
from exchange.reports.invoice import invoice_sheet
from exchange.ubl.reading import LARGEST, read_ubl
from exchange.ubl.writing import ubl_of
from forms.invoices import UploadForm
from models.billing.invoice_facts import Facts
from models.billing.invoice_received import take_in
from models.money import gbp
from models.permissions import Permission
from models.records.invoice import state_of


@bp.get("/<int:invoice_id>/pdf")
@requires(Permission.VIEW_INVOICES)
@reads_client_records
def pdf(invoice_id):
    invoice = loaded(invoice_id)
    state = state_of(invoice.status, invoice.gross_pence, invoice.paid_pence)
    return send_pdf(invoice_sheet(invoice, state, _items(invoice), council=settings().council.name))


@bp.get("/<int:invoice_id>/lines.<file:ending>")
@requires(Permission.VIEW_INVOICES)
@reads_client_records
def lines(invoice_id, ending):
    invoice = loaded(invoice_id)
    return table_file(f"invoice-{invoice.id}", lines_data(invoice, _items(invoice)), ending)


@bp.get("/<int:invoice_id>/ubl")
@requires(Permission.VIEW_INVOICES)
@reads_client_records
def ubl(invoice_id):
    invoice = loaded(invoice_id)
    response = Response(ubl_of(invoice, _items(invoice), council=settings().council.name), mimetype="application/xml")
    name = f"{invoice.kind.value.replace('_', '-')}-{invoice.id}.xml"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.route("/upload", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
@takes_files
def upload():
    form = UploadForm()
    if form.validate_on_submit():
        with refusals_on(form):
            content = form.file.data.stream.read(LARGEST + 1)
            received = read_ubl(content)
            invoice = take_in(received, viewed(), alike_reason=form.alike_reason.data, by=me())
            words = f"{invoice.called} for {gbp(invoice.gross_pence)} is taken in as a draft. Check it, then send it"
            strangers = received.strangers(viewed().name, settings().council.name)
            return done(". ".join(filter(None, (words, strangers))), then=url_for(".show", invoice_id=invoice.id))
    return render("provider/invoices/upload.html", form=form)


def _items(invoice):
    return Facts.of_invoice(invoice).items

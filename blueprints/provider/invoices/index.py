"""The list of invoices and credit notes, as a page and as a file, and one of them."""

from flask import request, url_for

from blueprints.access import may, requires
from blueprints.download import checked, table_file
from blueprints.lookups import address_without, get_or_404, key, page_of
from blueprints.pages import render, wants_partial
from blueprints.provider.invoices import bp
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting
from exchange.downloads.invoices import invoices_data
from forms.invoices import InvoiceFilter, LineForm, SeenInvoiceForm
from models.base import session
from models.billing.invoice_facts import Facts
from models.billing.invoice_listing import credit_notes_of, invoices, is_paid_by_portal, numbered
from models.billing.invoice_matching import Beside, matched_with
from models.calendar import FinancialYear, today
from models.permissions import Permission
from models.records.contract import Contract
from models.records.invoice import state_of
from models.reports.invoice_way import on_its_way

SORTED_BY: Columns = {
    "number": "number", "date": "invoiced_on", "contract": Contract.folded_name, "sum": "gross_pence",
    "paid": "paid_on",
}  # fmt: skip
YEARS = 7
INVOICE = "provider/invoices/_invoice.html"


@bp.get("/")
@requires(Permission.VIEW_INVOICES)
def index():
    form, sorting = _filter(), Sorting(SORTED_BY, usual="-date")
    page = page_of(sorting.of(invoices(**form.wanted)), pence="gross_pence") if form.validate() else None
    return render(
        "provider/invoices/index.html", partial="provider/invoices/_list.html", form=form, page=page, sorting=sorting,
        address=address_without("text"),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_INVOICES)
def data(ending):
    rows = session.execute(Sorting(SORTED_BY).of(invoices(**checked(_filter()).wanted)))
    return table_file("invoices", invoices_data(rows), ending)


def _filter():
    form, newest = InvoiceFilter(request.args), FinancialYear.of(today()).starts_in
    contracts = [(each.reference, each.name) for each in session.scalars(Contract.by_name())]
    form.offer(contracts, [FinancialYear(newest - n) for n in range(YEARS)])
    return form


@bp.get("/<int:invoice_id>")
@requires(Permission.VIEW_INVOICES)
@reads_client_records
def show(invoice_id):
    """`like` in the address: the line whose days the next one begins with."""
    return invoice_page(loaded(invoice_id), like=request.args.get("like", type=key))


def loaded(invoice_id):
    """The invoice with its lines, holds and contract."""
    return get_or_404(numbered(invoice_id))


def invoice_page(invoice, **forms):
    """The page of the invoice; one of its forms as it was sent."""
    return render("provider/invoices/show.html", partial=INVOICE, **shown(invoice, **forms))


def shown(invoice, *, sending=None, line_form=None, like=None):
    """What the page and its part show. `like`: the id of a line whose days the form of the next one begins with."""
    changes = invoice.status.is_editable and may(Permission.SUBMIT_INVOICES)
    facts = Facts.of_invoice(invoice)
    beside, pays = Beside.of(invoice), is_paid_by_portal(invoice)
    if line_form is None and changes and invoice.kind.is_invoice:
        days = [(each.first_on, each.last_on) for each in invoice.lines if each.id == like]
        line_form = LineForm(formdata=None, data=dict(zip(("first_on", "last_on"), *days, strict=True)) if days else {})
        line_form.offer(facts.offered(invoice.contract_id))
    sending = sending or SeenInvoiceForm(formdata=None)
    sending.is_of(invoice)
    return {
        "invoice": invoice,
        "is_partial": wants_partial(),
        "state": state_of(invoice.status, invoice.gross_pence, invoice.paid_pence),
        "paid_pence": invoice.paid_pence,
        "paid_on": invoice.paid_on,
        "due_on": beside.figures.due_on(invoice.valid_on) if invoice.kind.is_invoice and pays else None,
        "items": facts.items,
        "matching": matched_with(invoice, facts),
        "alike": beside.alike if changes else [],
        "way": on_its_way(invoice) if invoice.status.is_approved and pays else [],
        "payment_at": lambda part: url_for(
            "provider.payments.show", reference=invoice.contract.reference, first_on=part.span.first
        ),
        "notes": session.execute(credit_notes_of(invoice.id)).all() if invoice.status.is_approved else [],
        "pays": pays,
        "changes": changes,
        "form": line_form if line_form is not None and line_form.errors else sending,
        "sending": sending,
        "line_form": line_form,
    }  # fmt: skip

"""The invoices that wait to be decided, and all others that were sent: as a page and as a file."""

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from blueprints.access import requires
from blueprints.admin.invoices import bp
from blueprints.download import checked, table_file
from blueprints.lookups import key, page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.invoices import invoices_data
from forms.council_invoices import InvoiceSearch
from models.base import session
from models.billing.invoice_clock import Figures
from models.billing.invoice_listing import invoices, queue
from models.billing.invoice_matching import in_short, match_all
from models.calendar import today
from models.permissions import Permission
from models.records.invoice import Invoice
from models.records.provider import Provider

SORTED_BY: Columns = {"provider": Provider.folded_name, "received": "valid_on", "sum": "gross_pence"}


@bp.get("/")
@requires(Permission.VIEW_EVERY_INVOICE)
def index():
    form, sorting = InvoiceSearch(request.args), Sorting(SORTED_BY, usual="received")
    page = page_of(sorting.of(_listed(form)), pence="gross_pence") if form.validate() else None
    figures, short = Figures.read(), {}
    if page and form.is_of_what_waits:
        ids = [row.id for row in page.items]
        query = select(Invoice).where(Invoice.id.in_(ids)).options(selectinload(Invoice.lines)).order_by(Invoice.id)
        short = {id_: (in_short(found), found) for id_, found in match_all(session.scalars(query).all()).items()}
    return render(
        "admin/invoices/index.html", partial="admin/invoices/_list.html", form=form, page=page, sorting=sorting,
        short=short, figures=figures, today=today(), ticked=request.args.getlist("invoice", type=key),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_INVOICE, fresh=True)
def data(ending):
    rows = session.execute(Sorting(SORTED_BY).of(_listed(checked(InvoiceSearch(request.args)))))
    return table_file("invoices", invoices_data(rows, with_provider=True), ending)


def _listed(form):
    if form.is_of_what_waits:
        return queue(text=form.name.data)
    return invoices(state=form.state, text=form.name.data, with_drafts=False, for_council=form.is_held_for_us)

"""The clock report: how long invoices take, with a picture, and as a file."""

from flask import request

from blueprints.access import requires
from blueprints.admin.invoices import bp
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from exchange.downloads.invoice_clock import clock_data
from forms.council_invoices import ClockFilter
from models.billing.invoice_clock import summed
from models.billing.invoice_report import by_step, clock_rows
from models.permissions import Permission


@bp.get("/clock")
@requires(Permission.VIEW_EVERY_INVOICE)
def clock():
    form = ClockFilter(request.args)
    rows = clock_rows(*form.days()) if form.validate() else []
    first, last = form.days() if not form.errors else (None, None)
    return render(
        "admin/invoices/clock.html", partial="admin/invoices/_clock.html", form=form, page=page_of(rows),
        sums=summed(rows), steps=by_step(rows), first=first, last=last,
    )  # fmt: skip


@bp.get("/clock.<file:ending>")
@requires(Permission.VIEW_EVERY_INVOICE, fresh=True)
def clock_file(ending):
    rows = clock_rows(*checked(ClockFilter(request.args)).days())
    return table_file("invoice-clock", clock_data(rows), ending)

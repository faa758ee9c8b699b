"""Every sum that is held or blocked, of every provider, as a page and as a file."""

from flask import request

from blueprints.access import requires
from blueprints.admin.payments import bp
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting
from exchange.downloads.whereabouts import sums_data
from forms.council_payments import WaitingSearch
from models.base import session
from models.permissions import Permission
from models.reports import waits

WAITING_BY: Columns = {
    "provider": "folded_provider",
    "payment": ("first_on", "reference"),
    "reason": "reason",
    "amount": "pence",
}


@bp.get("/waiting/")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def waiting():
    form, sorting = WaitingSearch(request.args), Sorting(WAITING_BY, usual="payment")
    return render(
        "admin/payments/waiting.html", partial="admin/payments/_waiting.html",
        form=form,
        page=page_of(sorting.of(waits.waiting(**form.chosen)), pence="pence") if form.validate() else None,
        sorting=sorting,
        since_of=waits.since_of,
        client_of=waits.client_of,
    )  # fmt: skip


@bp.get("/waiting/data.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT, fresh=True)
@reads_client_records
def waiting_data(ending):
    form = checked(WaitingSearch(request.args))
    rows = session.execute(Sorting(WAITING_BY).of(waits.waiting(**form.chosen)))
    return table_file("held-and-blocked", sums_data(rows, at_council=True), ending)

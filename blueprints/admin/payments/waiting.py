"""Every sum that is held or blocked, of every provider, as a page and as a file."""

from flask import request

from blueprints.access import requires
from blueprints.admin.payments import bp
from blueprints.download import csv_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from exchange.downloads.whereabouts import sums_data
from forms.council_payments import WaitingSearch
from models.base import session
from models.permissions import Permission
from models.reports import whereabouts


@bp.get("/waiting/")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def waiting():
    form = WaitingSearch(request.args)
    return render(
        "admin/payments/waiting.html", partial="admin/payments/_waiting.html",
        form=form,
        page=page_of(whereabouts.waiting(**form.chosen)) if form.validate() else None,
        since_of=whereabouts.since_of,
        client_of=whereabouts.client_of,
    )  # fmt: skip


@bp.get("/waiting/data.csv")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def waiting_data():
    form = WaitingSearch(request.args)
    rows = session.execute(whereabouts.waiting(**form.chosen)) if form.validate() else ()
    return csv_file("held-and-blocked.csv", sums_data(rows, at_council=True))

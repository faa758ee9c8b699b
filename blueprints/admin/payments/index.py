"""The list of payments, as a page and as a file."""

from flask import request

from blueprints.access import requires
from blueprints.admin.payments import bp
from blueprints.download import csv_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from exchange.downloads.payments import payments_data
from forms.council_payments import PaymentSearch
from models.base import chunks, session
from models.payments.standing import standings
from models.payments.worklist import listed
from models.permissions import Permission


@bp.get("/")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def index():
    form = PaymentSearch(request.args)
    page = page_of(listed(**form.chosen)) if form.validate() else None
    return render(
        "admin/payments/index.html", partial="admin/payments/_list.html", form=form, page=page,
        standings=standings(page.items) if page else {},
    )  # fmt: skip


@bp.get("/data.csv")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def data():
    form = PaymentSearch(request.args)
    rows = session.execute(listed(**form.chosen)).all() if form.validate() else []
    return csv_file("payments.csv", payments_data(_with_standings(rows)))


def _with_standings(rows):
    for some in chunks(rows, 500):
        stand = standings(some)
        yield from ((row, stand[row.id]) for row in some)

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
from models.base import session
from models.payments.worklist import listed
from models.permissions import Permission


@bp.get("/")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def index():
    form = PaymentSearch(request.args)
    page = page_of(listed(**form.chosen)) if form.validate() else None
    return render("admin/payments/index.html", partial="admin/payments/_list.html", form=form, page=page)


@bp.get("/data.csv")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def data():
    form = PaymentSearch(request.args)
    rows = session.execute(listed(**form.chosen)) if form.validate() else ()
    return csv_file("payments.csv", payments_data(rows))

"""Purchase Orders: what has been paid for each client this year, and what is still to come."""

from flask import Blueprint, request

from blueprints.access import may, requires
from blueprints.download import csv_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from exchange.downloads.purchase_orders import order_data
from forms.filters import OrderFilter
from models.base import session
from models.calendar import FinancialYear, today
from models.payments.blocked import blocked_of
from models.payments.purchase_order import PurchaseOrder, payment_terms, services_bought, years_issued
from models.payments.run_history import spend_on
from models.permissions import Permission
from models.records.client import Client
from models.reports.projection import tell_expected

bp = Blueprint("purchase_orders", __name__, url_prefix="/purchase-orders")


@bp.get("/")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def index():
    form = _filter()
    page = page_of(_chosen(form)) if not form.errors else None
    return render(
        "provider/purchase_orders/index.html", partial="provider/purchase_orders/_list.html", form=form, page=page
    )


@bp.get("/data.csv")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def data():
    form = _filter()
    orders = session.scalars(_chosen(form)).all() if not form.errors else []
    return csv_file("purchase-orders.csv", order_data(orders))


@bp.get("/<int:order_id>")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def show(order_id):
    order = get_or_404(PurchaseOrder.numbered(order_id))
    return render(
        "provider/purchase_orders/show.html",
        order=order,
        expected=tell_expected(order.expected),
        blocked_pence=blocked_of(order.client_id, year=order.year) if order.client_id and _may_see_payments() else 0,
        spent=session.execute(spend_on(order)).all(),
        terms=session.scalars(payment_terms()).all(),
        today=today(),
    )


def _may_see_payments():
    """What waits is told on a page of payments, which not everybody with orders may open."""
    return may(Permission.VIEW_PAYMENTS)


def _filter():
    years = [FinancialYear(year) for year in session.scalars(years_issued())] or [FinancialYear.of(today())]
    usual = FinancialYear.of(today())
    form = OrderFilter(
        request.args,
        data={"year": str((usual if usual in years else years[-1]).starts_in), "service": "", "client": ""},
    )
    form.offer(
        years,
        [(str(service.id), service.name) for service in session.scalars(services_bought())],
        [(str(client.id), client.full_name) for client in session.scalars(Client.at_provider())],
    )
    form.validate()
    return form


def _chosen(form):
    return PurchaseOrder.issued(
        year=int(form.year.data),
        service_id=int(form.service.data) if form.service.data else None,
        client_id=int(form.client.data) if form.client.data else None,
    )

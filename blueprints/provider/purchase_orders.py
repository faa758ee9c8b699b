"""Purchase Orders: what has been paid for each client this year, and what is still to come."""

from flask import Blueprint, request

from blueprints.access import may, requires
from blueprints.download import checked, table_file
from blueprints.lookups import ON_ONE_PAGE, address_without, get_or_404, page_of, size_for
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting
from exchange.downloads.purchase_orders import order_data
from forms.filters import OrderFilter
from models.base import session
from models.calendar import FinancialYear, today
from models.payments.blocked import blocked_of
from models.payments.order_list import Wanted, contracts_of, in_a_list, listed, sums, sums_of
from models.payments.purchase_order import PurchaseOrder, services_bought, years_issued
from models.payments.run_history import spend_on
from models.permissions import Permission
from models.records.client import Client
from models.reports.projection import expected_until, tell_expected

bp = Blueprint("purchase_orders", __name__, url_prefix="/purchase-orders")

SORTED_BY: Columns = {
    "name": (*PurchaseOrder.name_order(), Client.reference),
    "value": "value_pence",
    "spend": "spend_pence",
    "left": "remaining_pence",
}
EVERY_ROW = 100_000
"""More than any provider has in a year."""


@bp.get("/")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def index():
    form, sorting = _filter(), Sorting(SORTED_BY, usual="name")
    context = {"form": form, "sorting": sorting, "page": None}
    if not form.errors:
        wanted = _wanted(form)
        whole = sums(wanted)
        page = page_of(sorting.of(listed(wanted)), size=_page_size(whole.count), total=whole.count)
        page.items = in_a_list(page.items)
        context |= {"page": page, "whole": whole, "shown": sums_of(page.items)}
    return render(
        "provider/purchase_orders/index.html", partial="provider/purchase_orders/_list.html",
        address=address_without("text"), **context,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def data(ending):
    form, sorting = checked(_filter()), Sorting(SORTED_BY, usual="name")
    rows = session.execute(sorting.of(listed(_wanted(form)))).all()
    return table_file("purchase-orders", order_data(in_a_list(rows)), ending)


@bp.get("/<int:order_id>")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def show(order_id):
    order = get_or_404(PurchaseOrder.numbered(order_id))
    held, expected = session.execute(spend_on(order)).all(), order.expected
    return render(
        "provider/purchase_orders/show.html",
        order=order,
        expected=tell_expected(expected),
        until=expected_until(expected, order.year),
        blocked_pence=blocked_of(order.client_id, year=order.year) if order.client_id and _may_see_payments() else 0,
        spent=[row for row in held if row.is_paid],
        coming=[row for row in held if not row.is_paid],
        contracts=session.execute(contracts_of(order)).all(),
        links=_may_see_payments(),
        today=today(),
    )


def _may_see_payments():
    """Not everybody with orders may open pages of payments and contracts, where what waits is told."""
    return may(Permission.VIEW_PAYMENTS)


def _page_size(total):
    """With `rows=all` in the address, for printing, all are on one page."""
    return EVERY_ROW if request.args.get("rows") == "all" else size_for(total, ON_ONE_PAGE)


def _filter():
    years = [FinancialYear(year) for year in session.scalars(years_issued())] or [FinancialYear.of(today())]
    usual = FinancialYear.of(today())
    form = OrderFilter(
        request.args, data={"year": str((usual if usual in years else years[-1]).starts_in), "service": "", "text": ""}
    )
    form.offer(years, [(str(service.id), service.name) for service in session.scalars(services_bought())])
    form.validate()
    return form


def _wanted(form):
    service_id = int(form.service.data) if form.service.data else None
    return Wanted(int(form.year.data), service_id, form.text.data)

"""Purchase Orders: what has been paid for each client this year, and what is still to come."""

from flask import Blueprint, request
from sqlalchemy import Integer, bindparam

from blueprints.access import may, requires
from blueprints.download import checked, table_file
from blueprints.lookups import ON_ONE_PAGE, address_without, opened_row_or_404, page_read, size_for, whole_read
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting, ordered
from exchange.downloads.purchase_orders import order_data
from forms.filters import OrderFilter
from models.base import session
from models.calendar import FinancialYear, today
from models.payments.blocked import blocked_of
from models.payments.order_list import NOTHING, Wanted, in_a_list, listed, sums, sums_found, sums_of
from models.payments.order_page import OrderPage, contracts_of, rows_of
from models.payments.purchase_order import PurchaseOrder, services_bought, years_issued
from models.payments.run_history import spend_on
from models.permissions import Permission
from models.records.client import Client
from models.reports.projection import expected_until, tell_expected
from models.statements import built_once

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
        page, whole = _found(_wanted(form), sorting.asked)
        context |= {"page": page, "whole": whole, "shown": sums_of(page.items)}
    return render(
        "provider/purchase_orders/index.html", partial="provider/purchase_orders/_list.html",
        address=address_without("text"), **context,
    )  # fmt: skip


def _found(wanted, asked):
    """A page of the wanted orders, and what all of them come to."""
    if not wanted.parts.words:
        whole = sums(wanted)
        page = page_read(lambda *part: (_rows(wanted, asked, *part), whole.count), size=_page_size(whole.count))
    else:
        most, whole = EVERY_ROW if _is_for_printing() else ON_ONE_PAGE, NOTHING

        def search(offset, limit):
            nonlocal whole
            rows = _rows(wanted, asked, offset, limit)
            whole = sums_found(rows)
            return rows[: size_for(whole.count, most) if limit == most else limit], whole.count

        page = whole_read(search, most=most, name="page")
    page.items = in_a_list(page.items)
    return page, whole


def _rows(wanted, asked, offset, limit):
    """Some of the wanted orders, from that one on."""
    query = (_kept if wanted.parts.is_usual else _sorted)(wanted.parts, asked)
    return session.execute(query, wanted.given | {"offset": offset, "limit": limit}).all()


def _sorted(parts, asked):
    some = (bindparam(name, type_=Integer()) for name in ("offset", "limit"))
    return ordered(listed(parts), SORTED_BY, asked).offset(next(some)).limit(next(some))


_kept = built_once(_sorted)


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def data(ending):
    form, sorting = checked(_filter()), Sorting(SORTED_BY, usual="name")
    rows = _rows(_wanted(form), sorting.asked, 0, EVERY_ROW)
    return table_file("purchase-orders", order_data(in_a_list(rows)), ending)


@bp.get("/<int:order_id>")
@requires(Permission.VIEW_PURCHASE_ORDERS)
@reads_client_records
def show(order_id):
    order = OrderPage.of(opened_row_or_404(rows_of(order_id), PurchaseOrder))
    held, expected = spend_on(order.id), order.expected
    return render(
        "provider/purchase_orders/show.html",
        order=order,
        expected=tell_expected(expected),
        until=expected_until(expected, order.year),
        blocked_pence=blocked_of(order.client_id, year=order.year) if order.client_id and _may_see_payments() else 0,
        spent=[row for row in held if row.is_paid],
        coming=[row for row in held if not row.is_paid],
        contracts=contracts_of(order),
        revisions=order.revisions,
        links=_may_see_payments(),
        today=today(),
    )


def _may_see_payments():
    """Not everybody with orders may open pages of payments and contracts, where what waits is told."""
    return may(Permission.VIEW_PAYMENTS)


def _page_size(total):
    """With `rows=all` in the address, for printing, all are on one page."""
    return EVERY_ROW if _is_for_printing() else size_for(total, ON_ONE_PAGE)


def _is_for_printing():
    return request.args.get("rows") == "all"


def _filter():
    years = [FinancialYear(year) for year in session.scalars(years_issued())] or [FinancialYear.of(today())]
    usual = FinancialYear.of(today())
    form = OrderFilter(
        request.args, data={"year": str((usual if usual in years else years[-1]).starts_in), "service": "", "text": ""}
    )
    form.offer(years, [(str(service.id), service.name) for service in session.execute(services_bought())])
    form.validate()
    return form


def _wanted(form):
    service_id = int(form.service.data) if form.service.data else None
    return Wanted(int(form.year.data), service_id, form.text.data)

"""Purchase orders of every provider: the list, and one with what is paid of it."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import checked, table_file
from blueprints.lookups import is_near, opened_row_or_404, page_of, page_of_part
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Sorting
from exchange.downloads.registers import orders_data
from forms.registers import CouncilOrderSearch
from models.base import session
from models.calendar import FinancialYear
from models.payments.order_page import OrderPage, contracts_of, rows_of
from models.payments.purchase_order import PurchaseOrder, years_issued
from models.payments.run_history import spend_on
from models.permissions import Permission
from models.records.provider import Provider
from models.reports import register_parts, registers

bp = Blueprint("purchase_orders", __name__, url_prefix="/purchase-orders")


@bp.get("/")
@requires(Permission.VIEW_CLIENTS)
@reads_client_records
def index():
    form, sorting = _filter(), Sorting(register_parts.ORDERS_BY, usual="-year")
    page = _page(form, sorting) if form.validate() else None
    return render(
        "admin/purchase_orders/index.html", partial="admin/purchase_orders/_list.html", form=form, page=page,
        sorting=sorting,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_CLIENTS, fresh=True)
@reads_client_records
def data(ending):
    form = checked(_filter())
    rows = session.execute(Sorting(register_parts.ORDERS_BY).of(registers.orders(**form.chosen)))
    return table_file("purchase-orders", orders_data(rows), ending)


@bp.get("/<int:order_id>")
@requires(Permission.VIEW_CLIENTS)
@reads_client_records
def show(order_id):
    order = OrderPage.of(opened_row_or_404(rows_of(order_id), PurchaseOrder))
    return render(
        "admin/purchase_orders/show.html",
        order=order,
        values=[(f"{order.number} - {each.revision}", each.value_pence) for each in reversed(order.revisions)],
        provider=session.scalars(Provider.numbered(order.provider_id)).one(),
        spent=spend_on(order.id),
        contracts=contracts_of(order),
    )


def _page(form, sorting):
    if not any(form.chosen.values()) and is_near():
        return page_of_part(register_parts.orders(sorting.asked))
    return page_of(sorting.of(registers.orders(**form.chosen)), pence="value_pence")


def _filter():
    form = CouncilOrderSearch(request.args)
    form.offer(FinancialYear(year) for year in session.scalars(years_issued()))
    return form

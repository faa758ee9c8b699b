"""Clients: the list, and one with the care that the council buys for them. What is shown is noted."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting
from exchange.downloads.registers import clients_data
from forms.registers import ClientSearch
from models.base import session
from models.permissions import Permission
from models.records.client import Client
from models.reports import registers

bp = Blueprint("clients", __name__, url_prefix="/clients")

SORTED_BY: Columns = {
    "name": Client.name_order(), "reference": "reference", "born": "born_on", "items": "items",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_CLIENTS)
@reads_client_records
def index():
    form, sorting = ClientSearch(request.args), Sorting(SORTED_BY, usual="name")
    page = page_of(sorting.of(registers.clients(**form.chosen))) if form.validate() else None
    return render(
        "admin/clients/index.html", partial="admin/clients/_list.html", form=form, page=page, sorting=sorting
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_CLIENTS, fresh=True)
@reads_client_records
def data(ending):
    form = checked(ClientSearch(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(registers.clients(**form.chosen)))
    return table_file("clients", clients_data(rows), ending)


@bp.get("/<int:client_id>")
@requires(Permission.VIEW_CLIENTS)
@reads_client_records
def show(client_id):
    client = get_or_404(registers.client(client_id))
    return render(
        "admin/clients/show.html",
        client=client,
        items=page_of(registers.items(registers.SoughtItems(client_id=client_id)), name="items"),
        orders=page_of(registers.orders(client_id=client_id), name="orders"),
    )

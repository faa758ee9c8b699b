"""Service levels with their prices: the list, and what each contract pays for one of them."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.registers import prices_data, rates_data
from forms.registers import PriceSearch, RateSearch
from models.base import session
from models.permissions import Permission
from models.records.contract import Contract
from models.records.provider import Provider
from models.reports import registers

bp = Blueprint("rates", __name__, url_prefix="/rates")

SORTED_BY: Columns = {
    "service": "folded_service", "level": "folded_name", "unit": "unit", "vat": "vat_basis_points",
    "contracts": "contracts", "least": "least_e4", "most": "most_e4",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_CONTRACTS)
def index():
    form, sorting = RateSearch(request.args), Sorting(SORTED_BY, usual="service")
    page = page_of(sorting.of(registers.rates(name=form.name.data))) if form.validate() else None
    return render(
        "admin/rates/index.html", partial="admin/rates/_list.html", form=form, page=page, sorting=sorting
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_CONTRACTS, fresh=True)
def data(ending):
    form = checked(RateSearch(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(registers.rates(name=form.name.data)))
    return table_file("service-levels", rates_data(rows), ending)


PRICES_BY: Columns = {
    "provider": Provider.folded_name, "contract": Contract.folded_name, "rate": "rate_e4", "starts": "starts_on",
    "ends": "ends_on",
}  # fmt: skip


@bp.get("/<int:level_id>")
@requires(Permission.VIEW_CONTRACTS)
def show(level_id):
    level = get_or_404(registers.service_level(level_id))
    form, sorting = PriceSearch(request.args), Sorting(PRICES_BY, usual="provider")
    return render(
        "admin/rates/show.html", partial="admin/rates/_prices.html", level=level, form=form, sorting=sorting,
        page=page_of(sorting.of(registers.prices(level_id=level_id, name=form.name.data))),
    )  # fmt: skip


@bp.get("/<int:level_id>/data.<file:ending>")
@requires(Permission.VIEW_CONTRACTS, fresh=True)
def prices(level_id, ending):
    get_or_404(registers.service_level(level_id))
    found = registers.prices(level_id=level_id, name=PriceSearch(request.args).name.data)
    return table_file(f"prices-{level_id}", prices_data(session.execute(Sorting(PRICES_BY).of(found))), ending)

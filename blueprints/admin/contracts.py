"""Contracts: the list, and one with how it pays, its prices, and the way to its care and payments."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.registers import contracts_data
from forms.registers import ContractSearch
from models.base import session
from models.permissions import Permission
from models.records.contract import Contract, ContractRate
from models.records.provider import Provider
from models.reports import registers

bp = Blueprint("contracts", __name__, url_prefix="/contracts")

SORTED_BY: Columns = {
    "provider": Provider.folded_name, "contract": Contract.folded_name, "reference": "reference",
    "starts": "starts_on", "ends": "ends_on",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_CONTRACTS)
def index():
    form, sorting = ContractSearch(request.args), Sorting(SORTED_BY, usual="provider")
    page = page_of(sorting.of(registers.contracts(**form.chosen))) if form.validate() else None
    return render(
        "admin/contracts/index.html", partial="admin/contracts/_list.html", form=form, page=page, sorting=sorting
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_CONTRACTS, fresh=True)
def data(ending):
    form = checked(ContractSearch(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(registers.contracts(**form.chosen)))
    return table_file("contracts", contracts_data(rows), ending)


@bp.get("/<reference:reference>")
@requires(Permission.VIEW_CONTRACTS)
def show(reference):
    contract = get_or_404(Contract.referred_to(reference))
    return render(
        "admin/contracts/show.html",
        contract=contract,
        provider=session.scalars(Provider.numbered(contract.provider_id)).one(),
        rates=session.execute(ContractRate.of_contract(contract)).all(),
    )

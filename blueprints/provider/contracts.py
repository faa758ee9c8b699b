"""Contracts: what each one buys, at which rates, and how and when it pays."""

from flask import Blueprint

from blueprints.access import requires
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from models.base import session
from models.permissions import Permission
from models.records.contract import Contract, ContractRate

bp = Blueprint("contracts", __name__, url_prefix="/contracts")


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
def index():
    return render("provider/contracts/index.html", page=page_of(Contract.by_name()))


@bp.get("/<reference:reference>")
@requires(Permission.VIEW_PAYMENTS)
def show(reference):
    contract = get_or_404(Contract.referred_to(reference))
    rates = session.execute(ContractRate.of_contract(contract)).all()
    return render("provider/contracts/show.html", contract=contract, rates=rates)

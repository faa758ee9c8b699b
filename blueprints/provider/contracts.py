"""Contracts: what each one buys, at which rates, and how and when it pays."""

from flask import Blueprint, request

from blueprints.access import requires, viewed
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from forms.filters import ContractFilter
from models.base import session
from models.calendar import today
from models.payments.asking import confirmers
from models.payments.contract_list import listed
from models.permissions import Permission
from models.records.contract import Contract, ContractRate
from models.records.schedule import Occasion, cut_offs

bp = Blueprint("contracts", __name__, url_prefix="/contracts")


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
def index():
    form = ContractFilter(request.args)
    page = page_of(listed(form.text.data, form.which)) if form.validate() else None
    return render("provider/contracts/index.html", partial="provider/contracts/_list.html", form=form, page=page)


@bp.get("/<reference:reference>")
@requires(Permission.VIEW_PAYMENTS)
def show(reference):
    contract = get_or_404(Contract.referred_to(reference))
    return render(
        "provider/contracts/show.html",
        contract=contract,
        cut_offs=[(method, cut_offs(method)) for method in contract.methods],
        Occasion=Occasion,
        rates=session.execute(ContractRate.of_contract(contract)).all(),
        confirmers=[user for user, _ in confirmers([viewed().id])] if contract.asks_for_confirmation else [],
        today=today(),
    )

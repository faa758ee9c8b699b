"""What you owe: by contract, how it came about, and which payments will take it."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from exchange.downloads.debts import ledger_data
from forms.debts import LedgerYear
from models.payments.ledger import ledger_of
from models.payments.owing import debtor_of, ever_owed, forecast_of
from models.permissions import Permission
from models.records.contract import Contract

bp = Blueprint("debts", __name__, url_prefix="/owed")


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
def index():
    page = page_of(ever_owed())
    if page.total == 1:
        return _page(_contract(page.items[0].reference), is_only_one=True)
    return render("provider/debts/index.html", page=page)


@bp.get("/<reference:reference>")
@requires(Permission.VIEW_PAYMENTS)
def show(reference):
    return _page(_contract(reference), is_only_one=False)


@bp.get("/<reference:reference>/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
def data(reference, ending):
    contract = _contract(reference)
    part = LedgerYear(request.args).part_of(ledger_of(contract.id))
    return table_file(f"what-you-owe-{contract.reference}", ledger_data(contract, part, with_runs=False), ending)


def _contract(reference):
    return get_or_404(Contract.by_name().where(Contract.reference == reference))


def _page(contract, *, is_only_one):
    whole, form = ledger_of(contract.id), LedgerYear(request.args)
    part = form.part_of(whole)
    forecast = forecast_of(contract.id, whole.left_pence)
    return render(
        "provider/debts/show.html",
        contract=contract,
        is_only_one=is_only_one,
        form=form,
        ledger=whole,
        part=part,
        entries=page_of(part.entries, name="entries"),
        forecast=forecast,
        coming=page_of(forecast.steps, name="coming"),
        debtor=debtor_of(contract.id),
    )

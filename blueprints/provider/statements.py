"""Statement of account: what the provider was entitled to and was paid between two days, and what is left."""

from flask import Blueprint, request

from blueprints.access import requires, viewed
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.provider.report_list import report
from exchange.downloads.statement import statement_data
from forms.statements import StatementFilter
from models.permissions import Permission
from models.reports.statement import contracts_of, statement_of

bp = Blueprint("statements", __name__, url_prefix="/statement-of-account")
report(
    "Statement of Account", "What you were entitled to and what you were paid between two days, and what is left.",
    "provider.statements.show", order=40,
)  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
def show():
    form, contracts = _asked()
    found = _statement(form, contracts) if form.validate() else None
    return render(
        "provider/statements/show.html", form=form, contracts=contracts, statement=found,
        lines=page_of(found.lines) if found else None,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
def data(ending):
    form, contracts = _asked()
    rows = statement_data(_statement(checked(form), contracts), contracts)
    return table_file("statement-of-account", rows, ending)


def _asked():
    """The filter, and every contract's name and reference by its id."""
    contracts, form = contracts_of(viewed().id), StatementFilter(request.args)
    form.offer((reference, f"{name} ({reference})") for name, reference in contracts.values())
    return form, contracts


def _statement(form, contracts):
    wanted = [id_ for id_, (_, reference) in contracts.items() if form.contract.data in ("", reference)]
    return statement_of(wanted, form.first_on, form.last_on)

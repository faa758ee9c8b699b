"""Where every pound is: what the provider is entitled to, and each sum of it that is held, blocked or owed back."""

from flask import Blueprint, request

from blueprints.access import requires, viewed
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from exchange.downloads.whereabouts import figures_data, sums_data
from forms.filters import ReasonFilter
from models.base import session
from models.permissions import Permission
from models.reports import waits, whereabouts
from models.reports.waiting_reasons import Reason

bp = Blueprint("whereabouts", __name__, url_prefix="/where-every-pound-is")


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def show():
    form = ReasonFilter(request.args)
    contracts = whereabouts.by_contract(viewed().id)
    return render(
        "provider/whereabouts/show.html", partial="provider/whereabouts/_sums.html",
        form=form,
        page=page_of(_sums(form)) if form.validate() else None,
        contracts=contracts,
        whole=whereabouts.in_all(contracts),
        since_of=waits.since_of,
        client_of=waits.client_of,
        owed=Reason.OWED,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def data(ending):
    form = checked(ReasonFilter(request.args))
    rows = session.execute(_sums(form))
    return table_file("held-and-blocked", sums_data(rows, at_council=False), ending)


@bp.get("/figures.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
def figures(ending):
    return table_file("where-every-pound-is", figures_data(whereabouts.by_contract(viewed().id)), ending)


def _sums(form):
    return waits.waiting(provider_id=viewed().id, reason=form.chosen)

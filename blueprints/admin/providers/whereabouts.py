"""Where every pound of one provider is, as the council sees it."""

from flask import request

from blueprints.access import requires
from blueprints.admin.providers import bp
from blueprints.download import table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from exchange.downloads.whereabouts import figures_data
from forms.council_payments import WaitingSearch
from models.accounts import directory
from models.permissions import Permission
from models.reports import waits
from models.reports import whereabouts as reported
from models.reports.waiting_reasons import Reason


@bp.get("/<int:provider_id>/where-every-pound-is")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def whereabouts(provider_id):
    provider = get_or_404(directory.provider(provider_id))
    form = WaitingSearch(request.args)
    contracts = reported.by_contract(provider_id)
    is_sound = form.validate()
    found = waits.waiting(provider_id=provider_id, reason=form.chosen["reason"]) if is_sound else None
    return render(
        "admin/providers/whereabouts.html", partial="admin/providers/_sums.html",
        form=form,
        page=page_of(found) if found is not None else None,
        provider=provider,
        contracts=contracts,
        whole=reported.in_all(contracts),
        since_of=waits.since_of,
        client_of=waits.client_of,
        owed=Reason.OWED,
    )  # fmt: skip


@bp.get("/<int:provider_id>/where-every-pound-is.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT)
def whereabouts_figures(provider_id, ending):
    provider = get_or_404(directory.provider(provider_id))
    return table_file("where-every-pound-is", figures_data(reported.by_contract(provider.id)), ending)

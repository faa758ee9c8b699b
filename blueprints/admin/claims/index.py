"""The panel's queue, and the claims that it has decided: as a page and as a file."""

from flask import request

from blueprints.access import requires
from blueprints.admin.claims import bp
from blueprints.download import checked, table_file
from blueprints.lookups import key, page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.claims import claims_data
from forms.council_claims import ClaimSearch
from models.base import session
from models.billing.listing import claims, queue
from models.permissions import Permission
from models.records.provider import Provider

SORTED_BY: Columns = {"provider": Provider.folded_name, "sent": "submitted_at", "sum": "claimed_pence"}


@bp.get("/")
@requires(Permission.VIEW_EVERY_CLAIM)
def index():
    form, sorting = ClaimSearch(request.args), Sorting(SORTED_BY, usual="sent")
    page = page_of(sorting.of(_listed(form)), pence="claimed_pence") if form.validate() else None
    return render(
        "admin/claims/index.html", partial="admin/claims/_list.html", form=form, page=page, sorting=sorting,
        ticked=request.args.getlist("claim", type=key),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_CLAIM, fresh=True)
def data(ending):
    rows = session.execute(Sorting(SORTED_BY).of(_listed(checked(ClaimSearch(request.args)))))
    return table_file("claims", claims_data(rows), ending)


def _listed(form):
    if form.is_of_what_waits:
        return queue(text=form.name.data)
    return claims(status=form.status, text=form.name.data, with_drafts=False)

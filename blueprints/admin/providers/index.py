"""The list of providers."""

from flask import request

from blueprints.access import requires
from blueprints.admin.providers import bp
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import providers_data
from forms.people import ProviderSearch
from models.accounts import directory
from models.base import session
from models.permissions import Permission
from models.records.provider import Provider

SORTED_BY: Columns = {
    "name": Provider.folded_name,
    "reference": "reference",
    "kind": "kind",
    "organisation": "organisation",
    "people": "people",
    "waiting": "waiting",
    "last": "last_login_at",
}


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    form, sorting = ProviderSearch(request.args), Sorting(SORTED_BY, usual="name")
    page = page_of(sorting.of(directory.providers(**form.chosen))) if form.validate() else None
    return render(
        "admin/providers/index.html", partial="admin/providers/_list.html", form=form, page=page, sorting=sorting
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PROVIDERS, fresh=True)
def data(ending):
    form = checked(ProviderSearch(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(directory.providers(**form.chosen)))
    return table_file("providers", providers_data(rows), ending)

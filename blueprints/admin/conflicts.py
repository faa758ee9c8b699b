"""Colleagues who have or had a place at a provider, and so do nothing as staff there: models/accounts/conflict.py."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import checked, table_file
from blueprints.lookups import page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import conflicts_data
from forms.people import ConflictSearch
from models.accounts import conflict
from models.accounts.user import User
from models.base import session
from models.permissions import Permission, Role
from models.records.provider import Provider

bp = Blueprint("conflicts", __name__, url_prefix="/conflicts")

SORTED_BY: Columns = {
    "name": User.folded_name,
    "role": "council_role",
    "provider": Provider.folded_name,
    "how": "how",
    "since": "since",
    "until": "until",
}


@bp.get("/")
@requires(Permission.VIEW_CONFLICTS)
def index():
    form, sorting = ConflictSearch(request.args), Sorting(SORTED_BY, usual="name")
    page = page_of(sorting.of(conflict.listed(name=form.name.data.strip()))) if form.validate() else None
    return render(
        "admin/conflicts/index.html", partial="admin/conflicts/_list.html", form=form, page=page, role_of=Role,
        sorting=sorting,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_CONFLICTS, fresh=True)
def data(ending):
    form = checked(ConflictSearch(request.args))
    found = Sorting(SORTED_BY).of(conflict.listed(name=form.name.data.strip()))
    return table_file("conflicts", conflicts_data(session.execute(found)), ending)

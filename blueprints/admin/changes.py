"""Changes of details that providers ask for: made by hand in the finance system, marked as done or refused here."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import changes_data
from forms.base import ButtonForm
from forms.details import ChangeSearch, RefuseForm
from models.accounts.user import names_of
from models.base import session
from models.correspondence.detail_change import DetailChange, has_arrived
from models.permissions import Permission
from models.records.provider import Provider

bp = Blueprint("changes", __name__, url_prefix="/changes")

SORTED_BY: Columns = {
    "change": "kind",
    "provider": Provider.folded_name,
    "asked": "asked_at",
    "from": "wanted_on",
    "state": "state",
}


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    form, sorting = ChangeSearch(request.args), Sorting(SORTED_BY, usual="asked")
    page = page_of(sorting.of(DetailChange.listed(**form.chosen))) if form.validate() else None
    return render(
        "admin/changes/index.html", partial="admin/changes/_list.html", form=form, page=page, sorting=sorting
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PROVIDERS, fresh=True)
def data(ending):
    form = checked(ChangeSearch(request.args))
    changes = session.scalars(Sorting(SORTED_BY).of(DetailChange.listed(**form.chosen)))
    return table_file("changes", changes_data(changes), ending)


@bp.get("/<int:change_id>")
@requires(Permission.VIEW_PROVIDERS)
def show(change_id):
    change = get_or_404(DetailChange.numbered(change_id))
    arrived = has_arrived(change)
    return render("admin/changes/show.html", change=change, arrived=arrived, names=names_of([change.decided_by_id]))


@bp.route("/<int:change_id>/done", methods=["GET", "POST"])
@requires(Permission.DECIDE_CHANGES)
def do(change_id):
    change = get_or_404(DetailChange.numbered(change_id))
    form = ButtonForm()
    if form.validate_on_submit():
        change.do(by=me())
        return done(f"We have told {change.asked_by.name}", then=url_for(".show", change_id=change_id))
    return render("admin/changes/do.html", change=change, form=form)


@bp.route("/<int:change_id>/refuse", methods=["GET", "POST"])
@requires(Permission.DECIDE_CHANGES)
def refuse(change_id):
    change = get_or_404(DetailChange.numbered(change_id))
    form = RefuseForm()
    if form.validate_on_submit():
        change.refuse(by=me(), reason=form.reason.data)
        return done(f"Refused. We have told {change.asked_by.name}", then=url_for(".show", change_id=change_id))
    return render("admin/changes/refuse.html", change=change, form=form)

"""Who has submitted which week: as a page with a picture, as a file, and whom the council reminds."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.actuals import bp
from blueprints.download import checked, table_file
from blueprints.lookups import PER_PAGE, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.actuals import weeks_data
from forms.base import ButtonForm
from forms.council_actuals import WeekSearch
from models.accounts.conflict import insist_on_none
from models.base import session
from models.care import chasing
from models.care.due_weeks import recent_days
from models.care.submissions import Key, picture, submissions
from models.permissions import Permission
from models.records.contract import Contract
from models.records.provider import Provider, Service
from models.words import how_many

SORTED_BY: Columns = {
    "provider": Provider.folded_name, "contract": Contract.folded_name, "service": Service.folded_name,
    "week": "first_on", "people": "people", "chased": "chased_on",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_EVERY_ACTUAL)
def index():
    form, sorting = _form(), Sorting(SORTED_BY, usual="provider")
    page = page_of(sorting.of(_listed(form))) if form.validate() else None
    return render(
        "admin/actuals/index.html", partial="admin/actuals/_list.html", form=form, page=page, sorting=sorting,
        columns=picture(recent_days()), ticked=request.args.getlist("week_of"), key=key_of,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_ACTUAL, fresh=True)
def data(ending):
    rows = session.execute(Sorting(SORTED_BY).of(_listed(checked(_form()))))
    return table_file("actuals", weeks_data(rows), ending)


@bp.route("/chase", methods=["GET", "POST"])
@requires(Permission.DECIDE_ACTUALS)
def chase():
    keys = Key.among(request.values.getlist("week_of")[:PER_PAGE])
    rows = session.execute(submissions(recent_days(), keys=keys)).all() if keys else []
    insist_on_none(me(), {row.provider_id for row in rows})
    form = ButtonForm()
    if rows and form.validate_on_submit():
        with refusals_on(form):
            told = chasing.chase(rows, by=me())
            return done(f"{how_many(told, 'week')} chased", then=url_for(".index"))
    return render("admin/actuals/chase.html", rows=rows, form=form, key=key_of)


def _form():
    form = WeekSearch(request.args)
    form.offer(recent_days())
    return form


def _listed(form):
    return submissions(form.chosen_days, show=form.shown, text=form.name.data)


def key_of(row):
    """What stands for a week in a form: one that nobody has begun has no number."""
    return str(Key(row.contract_id, row.service_id, row.first_on))

"""One week of actuals as the council sees it: what was confirmed, by number, and opening it again."""

from flask import url_for

from blueprints.access import may, me, requires
from blueprints.admin.actuals import bp
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from forms.council_actuals import ReopenForm
from models.accounts.conflict import conflicts_of
from models.care import weeks
from models.care.week_page import WeekPage, numbered
from models.permissions import Permission


@bp.get("/weeks/<int:week_id>")
@requires(Permission.VIEW_EVERY_ACTUAL)
@reads_client_records
def week(week_id):
    found = get_or_404(numbered(week_id))
    is_own = may(Permission.DECIDE_ACTUALS) and bool(conflicts_of(me(), [found.provider_id]))
    shown = WeekPage.of(found)
    return render(
        "admin/actuals/week.html", week=found, shown=shown, is_own=is_own,
        decides=may(Permission.DECIDE_ACTUALS) and not is_own,
        closed_since=shown.closed_since(found) if found.is_open else None,
    )  # fmt: skip


@bp.route("/weeks/<int:week_id>/reopen", methods=["GET", "POST"])
@requires(Permission.DECIDE_ACTUALS)
@reads_client_records
def reopen(week_id):
    found, form = get_or_404(numbered(week_id)), ReopenForm()
    if form.validate_on_submit():
        with refusals_on(form):
            weeks.reopen(found, form.reason.data, by=me())
            return done("The week is open again", then=url_for(".week", week_id=week_id))
    return render("admin/actuals/reopen.html", week=found, form=form)

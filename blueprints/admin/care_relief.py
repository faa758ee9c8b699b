"""Care relief: the figures of each tax year, which one colleague enters and another checks."""

from flask import Blueprint, url_for

from blueprints.access import me, requires
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.refusals import stays_on
from forms.care_relief import EnterForm, FiguresForm
from models.base import session
from models.calendar import today
from models.permissions import Permission
from models.reports import care_relief
from models.reports.care_relief import CareRelief
from models.tax_year import TaxYear

bp = Blueprint("care_relief", __name__, url_prefix="/care-relief")

ONE = "/<int:relief_id>"


@bp.get("/")
@requires(Permission.VIEW_CARE_RELIEF)
def index():
    rows = session.scalars(CareRelief.newest_first()).all()
    return render("admin/care_relief/index.html", rows=rows, missing=_missing(rows))


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_CARE_RELIEF)
def new():
    years = _missing(session.scalars(CareRelief.newest_first()).all())
    form = EnterForm()
    form.offer([year.starts_in for year in years])
    if form.validate_on_submit():
        with refusals_on(form):
            row = care_relief.enter(form.year.data, **form.figures, by=me())
            return done(f"{row.tax_year} is entered. A colleague checks it", then=url_for(".index"))
    return render("admin/care_relief/enter.html", form=form, relief=None, years=years)


@bp.route(f"{ONE}/correct", methods=["GET", "POST"])
@requires(Permission.MANAGE_CARE_RELIEF)
def correct(relief_id):
    relief = get_or_404(CareRelief.numbered(relief_id))
    form = FiguresForm(obj=relief)
    if form.validate_on_submit():
        with refusals_on(form):
            relief.correct(**form.figures, by=me())
            return done(f"{relief.tax_year} is corrected. A colleague checks it", then=url_for(".index"))
    return render("admin/care_relief/enter.html", form=form, relief=relief, years=[])


@bp.post(f"{ONE}/check")
@requires(Permission.MANAGE_CARE_RELIEF)
@stays_on("admin.care_relief.index")
def check(relief_id):
    relief = get_or_404(CareRelief.numbered(relief_id))
    relief.check(by=me())
    return done(f"The figures of {relief.tax_year} are checked", then=url_for(".index"))


def _missing(rows):
    """Tax years without figures, the newest first: from the oldest on record to the one after this."""
    known = {row.year for row in rows}
    newest = TaxYear.of(today()).starts_in + 1
    return [TaxYear(year) for year in range(newest, min(known, default=newest) - 1, -1) if year not in known]

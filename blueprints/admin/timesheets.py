"""Timesheets of Shared Lives at the council: the scheme verifies each, then finance, somebody else, approves it."""

from flask import Blueprint, request, url_for

from blueprints.access import may, me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.refusals import stays_on
from blueprints.sorting import Columns, Sorting
from exchange.downloads.actuals import timesheets_data
from forms.timesheets import ReturnForm, SheetSearch
from models.accounts.conflict import conflicts_of
from models.base import session
from models.care import timesheets as verbs
from models.care.timesheet_list import Sheet, Shown, in_queue, numbered, timesheets
from models.permissions import Permission
from models.records.provider import Provider
from models.records.timesheet import TimesheetState
from models.words import how_many

bp = Blueprint("timesheets", __name__, url_prefix="/timesheets")
ONE = "/<int:timesheet_id>"
SORTED_BY: Columns = {"provider": Provider.folded_name, "month": "month_on", "sent": "sent_at", "units": "units_e4"}


@bp.get("/")
@requires(Permission.VIEW_EVERY_ACTUAL)
def index():
    form, sorting = _form(), Sorting(SORTED_BY)
    page = page_of(sorting.of(_listed(form))) if form.validate() else None
    return render(
        "admin/timesheets/index.html", partial="admin/timesheets/_list.html", form=form, page=page, sorting=sorting
    )


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_ACTUAL, fresh=True)
def data(ending):
    rows = session.execute(Sorting(SORTED_BY).of(_listed(checked(_form()))))
    return table_file("timesheets", timesheets_data(rows), ending)


@bp.get(ONE)
@requires(Permission.VIEW_EVERY_ACTUAL)
@reads_client_records
def show(timesheet_id):
    sheet = get_or_404(numbered(timesheet_id))
    is_own = bool(conflicts_of(me(), [sheet.provider_id])) or me().id in (sheet.sent_by_id, _verifier(sheet))
    verifies = sheet.state is TimesheetState.SENT and may(Permission.VERIFY_TIMESHEETS)
    approves = sheet.state is TimesheetState.VERIFIED and may(Permission.APPROVE_TIMESHEETS)
    return render(
        "admin/timesheets/show.html", sheet=sheet, shown=Sheet.of(sheet), is_own=is_own and (verifies or approves),
        verifies=verifies and not is_own, approves=approves and not is_own, next=_next(sheet),
    )  # fmt: skip


@bp.post(f"{ONE}/verify")
@requires(Permission.VERIFY_TIMESHEETS)
@reads_client_records
@stays_on("admin.timesheets.show")
def verify(timesheet_id):
    sheet = get_or_404(numbered(timesheet_id))
    there = _next(sheet) or url_for(".index")
    verbs.verify(sheet, by=me())
    return done(f"{sheet.name} is verified. Finance approves it next", then=there)


@bp.post(f"{ONE}/approve")
@requires(Permission.APPROVE_TIMESHEETS)
@reads_client_records
@stays_on("admin.timesheets.show")
def approve(timesheet_id):
    sheet = get_or_404(numbered(timesheet_id))
    there = _next(sheet) or url_for(".index")
    kept = verbs.approve(sheet, by=me())
    return done(f"{sheet.name} is approved: {how_many(kept, 'figure')} of actuals confirmed", then=there)


@bp.route(f"{ONE}/return", methods=["GET", "POST"])
@requires(Permission.VERIFY_TIMESHEETS)
@reads_client_records
def return_sent(timesheet_id):
    return _return(timesheet_id, TimesheetState.SENT)


@bp.route(f"{ONE}/return-verified", methods=["GET", "POST"])
@requires(Permission.APPROVE_TIMESHEETS)
@reads_client_records
def return_verified(timesheet_id):
    return _return(timesheet_id, TimesheetState.VERIFIED)


def _return(timesheet_id, state):
    sheet, form = get_or_404(numbered(timesheet_id)), ReturnForm()
    if form.validate_on_submit():
        there = _next(sheet) or url_for(".index")
        with refusals_on(form):
            verbs.return_it(sheet, form.note.data, by=me(), state=state)
            return done(f"{sheet.name} is with the provider again", then=there)
    return render("admin/timesheets/return.html", sheet=sheet, form=form)


def _form():
    form = SheetSearch(request.args)
    form.offer(Shown.VERIFIED if may(Permission.APPROVE_TIMESHEETS) else Shown.SENT)
    return form


def _listed(form):
    return timesheets(show=form.shown, text=form.name.data)


def _verifier(sheet):
    """Whoever has verified it does not approve it."""
    return sheet.verified_by_id if sheet.state is TimesheetState.VERIFIED else None


def _next(sheet):
    """The address of the one that waits after this, in the same queue; None at its end."""
    if sheet.state not in (TimesheetState.SENT, TimesheetState.VERIFIED):
        return None
    ids = list(session.scalars(in_queue(sheet.state)))
    later = ids[ids.index(sheet.id) + 1 :] if sheet.id in ids else []
    return url_for(".show", timesheet_id=later[0]) if later else None

"""Timesheets of Shared Lives: months to fill in on a grid of days, each tap saved, and sending them to the council."""

from flask import Blueprint, abort, request, url_for

from blueprints.access import may, me, requires
from blueprints.filters import shortday
from blueprints.lookups import get_or_404, key, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.presses import repeatable
from blueprints.reading import reads_client_records
from forms.base import ButtonForm
from forms.timesheets import SendForm, all_away, day_of, reasons_sent, tapped
from models.base import session
from models.care import timesheets as verbs
from models.care.timesheet_list import Sheet, contract_numbered, months, numbered
from models.care.timesheet_plan import Month
from models.money import number
from models.permissions import Permission
from models.records.actual import AbsenceReason

bp = Blueprint("timesheets", __name__, url_prefix="/timesheets")
ONE = "/<int:timesheet_id>"


@bp.get("/")
@requires(Permission.VIEW_ACTUALS)
def index():
    return render("provider/timesheets/index.html", page=page_of(months()), form=ButtonForm(formdata=None))


@bp.post("/begin")
@requires(Permission.SUBMIT_ACTUALS)
def begin():
    contract_id, service_id = (request.form.get(name, 0, type=key) for name in ("contract", "service"))
    contract = get_or_404(contract_numbered(contract_id))
    month_on = day_of(request.form.get("month", "")) or abort(404)
    sheet = verbs.begin(contract, service_id, month_on, by=me())
    return done(f"{sheet.name} is begun", then=url_for(".show", timesheet_id=sheet.id))


@bp.get(ONE)
@requires(Permission.VIEW_ACTUALS)
@reads_client_records
def show(timesheet_id):
    return _page(get_or_404(numbered(timesheet_id)))


@bp.post(f"{ONE}/tap")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
@repeatable
def tap(timesheet_id):
    """`day=12:2026-04-10:10000`: the care package, the day, and what stands there from now on."""
    sheet = get_or_404(numbered(timesheet_id))
    item_id, day, units_e4 = tapped(request.form.get("day", ""))
    verbs.tap(sheet, item_id, day, units_e4, by=me())
    session.flush()
    there = url_for(".show", timesheet_id=timesheet_id, _anchor=f"d{item_id}-{day}")
    return _saved(sheet, f"{shortday(day)}: {number(units_e4)}", there)


@bp.post(f"{ONE}/as-planned")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def as_planned(timesheet_id):
    sheet = get_or_404(numbered(timesheet_id))
    changed = verbs.as_planned(sheet, by=me())
    session.flush()
    words = "Every day that has come is as planned" if changed else "Every day was as planned already"
    return _saved(sheet, words, url_for(".show", timesheet_id=timesheet_id))


@bp.post(f"{ONE}/why")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def explain(timesheet_id):
    sheet = get_or_404(numbered(timesheet_id))
    verbs.explain(sheet, reasons_sent(Month.of(sheet), request.form), by=me())
    session.flush()
    return _saved(sheet, "The reasons are saved", url_for(".show", timesheet_id=timesheet_id))


@bp.route(f"{ONE}/send", methods=["GET", "POST"])
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def send(timesheet_id):
    sheet, form = get_or_404(numbered(timesheet_id)), SendForm()
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.send(sheet, by=me())
            return done(f"{sheet.name} is sent", then=url_for(".show", timesheet_id=timesheet_id))
    return render("provider/timesheets/send.html", sheet=sheet, month=Month.of(sheet), form=form)


@bp.route(f"{ONE}/take-back", methods=["GET", "POST"])
@requires(Permission.SUBMIT_ACTUALS)
def take_back(timesheet_id):
    sheet, form = get_or_404(numbered(timesheet_id)), ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.take_back(sheet, by=me())
            return done(f"{sheet.name} is open", then=url_for(".show", timesheet_id=timesheet_id))
    return render("provider/timesheets/take_back.html", sheet=sheet, form=form)


def _saved(sheet, message, there):
    month = Month.of(sheet)
    return done(message, then=there, partial="provider/timesheets/_sheet.html", **_grid(sheet, month))


def _page(sheet):
    shown = Sheet.of(sheet)
    return render("provider/timesheets/show.html", shown=shown, **_grid(sheet, shown.month))


def _grid(sheet, month):
    return {
        "sheet": sheet, "month": month, "away": list(all_away(month)), "reasons": list(AbsenceReason),
        "fills": sheet.is_open and may(Permission.SUBMIT_ACTUALS), "sees_money": may(Permission.VIEW_PAYMENTS),
    }  # fmt: skip

"""Calendars: the list, and the periods of one with their days."""

import sqlalchemy as sa
from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.registers import calendars_data
from forms.registers import CalendarSearch
from models.base import session
from models.calendar import today
from models.permissions import Permission
from models.records.contract import Calendar
from models.reports import registers

bp = Blueprint("calendars", __name__, url_prefix="/calendars")

SORTED_BY: Columns = {
    "name": sa.func.lower(Calendar.name), "frequency": "frequency", "anchor": "anchor_on", "methods": "methods",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_CONTRACTS)
def index():
    form, sorting = CalendarSearch(request.args), Sorting(SORTED_BY, usual="name")
    page = page_of(sorting.of(registers.calendars(name=form.name.data))) if form.validate() else None
    return render(
        "admin/calendars/index.html", partial="admin/calendars/_list.html", form=form, page=page, sorting=sorting
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_CONTRACTS, fresh=True)
def data(ending):
    form = checked(CalendarSearch(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(registers.calendars(name=form.name.data)))
    return table_file("calendars", calendars_data(rows), ending)


@bp.get("/<int:calendar_id>")
@requires(Permission.VIEW_CONTRACTS)
def show(calendar_id):
    calendar = get_or_404(registers.calendar(calendar_id))
    return render(
        "admin/calendars/show.html",
        calendar=calendar,
        periods=registers.periods_near(calendar),
        today=today(),
        methods=page_of(registers.methods_of(calendar)),
    )

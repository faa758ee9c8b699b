"""The list of bank holidays: by year, and what somebody who keeps it does with it."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.sorting import Columns, Sorting
from forms.bank_holidays import AddForm, NameForm, ProposalForm, YearFilter
from forms.base import ButtonForm
from models import bank_holiday
from models.bank_holiday import BankHoliday, known_to, proposed, what_is_short, working_days, years
from models.calendar import today
from models.permissions import Permission
from models.words import how_many

bp = Blueprint("bank_holidays", __name__, url_prefix="/bank-holidays")

SORTED_BY: Columns = {"day": "day", "name": BankHoliday.name}
ONE = "/<int:holiday_id>"
FOLLOWS = "All payments are being calculated, so that open ones get the bank day that follows"


@bp.get("/")
@requires(Permission.VIEW_COUNCIL)
def index():
    form = YearFilter(request.args, data={"year": str(today().year)})
    form.offer({*years(), today().year})
    sorting = Sorting(SORTED_BY, usual="day")
    page = page_of(sorting.of(BankHoliday.of_year(form.chosen))) if form.validate() else None
    return render(
        "admin/bank_holidays/index.html", partial="admin/bank_holidays/_list.html",
        form=form, page=page, sorting=sorting,
        known_to=known_to(), short=what_is_short(), rule=working_days().rule,
    )  # fmt: skip


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_BANK_HOLIDAYS)
def new():
    form = AddForm()
    if form.validate_on_submit():
        with refusals_on(form):
            bank_holiday.add(form.day.day, form.name.data, by=me())
            return _back(f"{form.name.data} is on the list. {FOLLOWS}", form.day.day.year)
    return render("admin/bank_holidays/new.html", form=form)


@bp.route("/next-year", methods=["GET", "POST"])
@requires(Permission.MANAGE_BANK_HOLIDAYS)
def next_year():
    """What the portal knows of the first year that is not all on the list, for a person to agree to."""
    year = known_to().year + 1
    offered = proposed(year)
    form = ProposalForm(data={"days": [str(each.day) for each in offered]})
    form.offer(offered)
    if form.validate_on_submit():
        with refusals_on(form):
            added = bank_holiday.add_proposed(form.chosen, year=year, by=me())
            return _back(f"{how_many(added, 'day')} of {year} put on the list. {FOLLOWS}", year)
    return render("admin/bank_holidays/next_year.html", form=form, year=year, offered=offered)


@bp.route(f"{ONE}/change", methods=["GET", "POST"])
@requires(Permission.MANAGE_BANK_HOLIDAYS)
def change(holiday_id):
    holiday = get_or_404(BankHoliday.numbered(holiday_id))
    form = NameForm(obj=holiday)
    if form.validate_on_submit():
        with refusals_on(form):
            bank_holiday.rename(holiday, form.name.data, by=me())
            return _back(f"The day is called {holiday.name} now", holiday.day.year)
    return render("admin/bank_holidays/change.html", form=form, holiday=holiday)


@bp.route(f"{ONE}/take-off", methods=["GET", "POST"])
@requires(Permission.MANAGE_BANK_HOLIDAYS)
def take_off(holiday_id):
    holiday = get_or_404(BankHoliday.numbered(holiday_id))
    form = ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            bank_holiday.take_off(holiday, by=me())
            return _back(f"{holiday.name} is off the list. {FOLLOWS}", holiday.day.year)
    return render("admin/bank_holidays/take_off.html", form=form, holiday=holiday)


def _back(message, year):
    return done(message, then=url_for(".index", year=year))

"""Scheduled Payments: the list of them, and one payment with its rows."""

from flask import Blueprint, request

from blueprints.access import requires, viewed
from blueprints.download import calendar_file, table_file
from blueprints.lookups import address_without, one_or_404, opened_or_404, page_read
from blueprints.pages import render
from blueprints.payment_page import Shown, shown_rows
from blueprints.reading import reads_client_records
from exchange.downloads.icalendar import calendar_text
from exchange.downloads.payment_amounts import amounts_data
from exchange.downloads.schedule import schedule_data, schedule_events
from forms.filters import PeriodFilter, RowFilter, ScheduleFilter
from models.base import session, utc_now
from models.calendar import FinancialYear, today
from models.payments.day_move import moved_days_of
from models.payments.payment_list import found, listed, reach
from models.payments.standing import Kept, standings
from models.permissions import Permission
from models.records import schedule as schedules
from models.reports.breakdown import with_working
from models.reports.tracker import tracks_of

bp = Blueprint("payments", __name__, url_prefix="/payments")


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
def index():
    contracts = reach()
    form = PeriodFilter(request.args, data=_usual(contracts))
    form.offer(_years(contracts), [(row.reference, f"{row.name} ({row.reference})") for row in contracts])
    page = None
    if contracts and form.validate():
        year, contract = FinancialYear(int(form.year.data)), form.contract.data or None
        page = page_read(lambda offset, limit: listed(
            year, contract, future=form.when.data == "future", offset=offset, limit=limit
        ))  # fmt: skip
    payments = page.items if page else []
    stand = standings(payments)
    return render(
        "provider/payments/index.html", partial="provider/payments/_list.html",
        form=form, page=page, payments=payments, standings=stand,
        tracks=tracks_of(payments, stand, with_stops=False), due=_next_due(payments), today=today(),
    )  # fmt: skip


def _next_due(payments):
    """Of the payments listed, the one that comes to the bank next."""
    to_come = [each for each in payments if each.bank_on >= today()]
    return min(to_come, key=lambda each: each.bank_on, default=None)


@bp.get("/<reference:reference>/<day:first_on>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def show(reference, first_on):
    payment = opened_or_404(found(reference, first_on))
    form = RowFilter(request.args)
    rows = shown_rows(payment, form.wanted)
    return render(
        "provider/payments/show.html", partial="components/_payment_rows.html",
        payment=payment, form=form, rows=rows, shown=Shown(payment, rows.items), working_endpoint=".working",
        has_guides_columns=viewed().kind.prints_every_column, today=today(), address=address_without("find"),
    )  # fmt: skip


@bp.get("/<reference:reference>/<day:first_on>/print")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def on_paper(reference, first_on):
    """All of it, and how every row was worked out: what somebody files."""
    payment = opened_or_404(found(reference, first_on))
    told = with_working(payment)
    return render(
        "provider/payments/on_paper.html", payment=payment, told=told, shown=Shown(payment, told), today=today()
    )


@bp.get("/<reference:reference>/<day:first_on>/rows/<row:key>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def working(reference, first_on, key):
    """How one row was worked out: what the page of the payment fetches when it is opened, and a page of its own."""
    payment = opened_or_404(found(reference, first_on))
    row = one_or_404(with_working(payment, key))
    return render(
        "provider/payments/working.html", partial="components/_working.html", payment=payment, row=row, links_order=True
    )


@bp.get("/<reference:reference>/<day:first_on>/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def data(reference, first_on, ending):
    payment = opened_or_404(found(reference, first_on))
    rows = amounts_data(payment, with_working(payment), _held(payment))
    return table_file(f"payment-{reference}-{first_on}", rows, ending)


@bp.get("/schedule")
@requires(Permission.VIEW_PAYMENTS)
def schedule():
    form, contract, periods, moved = _schedule()
    return render(
        "provider/payments/schedule.html", partial="provider/payments/_schedule.html",
        form=form, contract=contract, periods=periods, today=today(), Occasion=schedules.Occasion,
        next=schedules.next_deadline(contract, moved) if contract else None,
    )  # fmt: skip


@bp.get("/schedule/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
def schedule_file(ending):
    _, _, periods, _ = _schedule()
    return table_file("payment-schedule", schedule_data(periods), ending)


@bp.get("/schedule/deadlines.ics")
@requires(Permission.VIEW_PAYMENTS)
def schedule_calendar():
    _, contract, periods, _ = _schedule()
    name = f"Payment Schedule {contract.name}" if contract else "Payment Schedule"
    return calendar_file(
        "payment-schedule.ics", calendar_text(name, schedule_events(periods, request.host), utc_now())
    )  # fmt: skip


def _schedule():
    """The filter, the contract that it names, that contract's periods in the year that it names, and what is moved of
    its payments.
    """
    contracts = session.scalars(schedules.contracts()).all()
    first = contracts[0].reference if contracts else ""
    form = ScheduleFilter(request.args, data={"year": str(FinancialYear.of(today()).starts_in), "contract": first})
    form.offer(schedules.years(contracts), [(each.reference, f"{each.name} ({each.reference})") for each in contracts])
    if not contracts or not form.validate():
        return form, None, [], {}
    contract = next(each for each in contracts if each.reference == form.contract.data)
    moved = moved_days_of(contract.id)
    return form, contract, schedules.periods_of(contract, FinancialYear(int(form.year.data)), moved), moved


def _usual(contracts):
    """What the pick lists stand on when the address does not say: this year."""
    years = _years(contracts)
    this_year = FinancialYear.of(today())
    year = this_year if this_year in years or not years else max(years)
    return {"year": str(year.starts_in), "contract": "", "when": "begun"}


def _years(contracts):
    """Every financial year in which a payment begins."""
    years = set()
    for *_, first, last in contracts:
        year = FinancialYear.of(first)
        while year <= FinancialYear.of(last):
            years.add(year)
            year = year.next
    return years


def _held(payment):
    """Why the payment, or a row of it by purchase order, is not paid just now, in a word."""
    shown = Shown(payment)
    kept = shown.standing.kept
    held = {
        order_id: "queried" if hold.is_query else "by the council"
        for order_id, hold in shown.marks.items()
        if hold.is_in_force
    }
    if kept is Kept.REJECTED:
        held[None] = "rejected"
    elif kept is Kept.UNCALCULATED:
        held[None] = "cannot be calculated"
    elif kept is Kept.MISSED:
        held[None] = "not confirmed in time"
    return held

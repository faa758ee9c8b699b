"""Scheduled Payments: periods on the left, what one of them pays on the right."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.download import calendar_file, csv_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.reading import reads_client_records
from exchange.downloads.icalendar import calendar_text
from exchange.downloads.payment_amounts import amounts_data
from exchange.downloads.schedule import schedule_data, schedule_events
from forms.filters import PeriodFilter, ScheduleFilter
from forms.payments import AnswerForm, TakeBackForm
from models.accounts.user import names_of
from models.base import session, utc_now
from models.calendar import FinancialYear, today
from models.money import gbp
from models.payments import answers
from models.payments.answers import confirm, insist_on_being_open, reject
from models.payments.confirmation import Processing
from models.payments.day_move import DayMove, moved_days_of
from models.payments.debts import owed_on
from models.payments.hold import Hold, told_on
from models.payments.payment import ScheduledPayment
from models.payments.run_history import banked_of
from models.payments.standing import Kept, standing_of, standings
from models.permissions import Permission
from models.records import schedule as schedules
from models.reports.breakdown import told
from models.words import how_many

bp = Blueprint("payments", __name__, url_prefix="/payments")


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def index():
    return _page(None)


@bp.get("/<reference:reference>/<day:first_on>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def show(reference, first_on):
    return _page(get_or_404(ScheduledPayment.of(reference, first_on)))


@bp.get("/<reference:reference>/<day:first_on>/data.csv")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def data(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    rows = amounts_data(payment, told(payment).rows, _held(payment))
    return csv_file(f"payment-{reference}-{first_on}.csv", rows)


@bp.route("/<reference:reference>/<day:first_on>/answer", methods=["GET", "POST"])
@requires(Permission.CONFIRM_PAYMENTS)
@reads_client_records
def answer(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    rows = told(payment).rows
    marks = _marks(payment)
    standing = standing_of(payment)
    form = AnswerForm(total_pence=payment.total_pence)
    form.confirms_pence, form.is_queried_held = standing.to_confirm_pence, payment.contract.holds_queried
    is_planned = payment.processing is Processing.FUTURE  # it has no lines yet that could be held
    form.offer(row for row in rows if row.order and row.order.id not in marks and not is_planned)
    if form.is_submitted():
        insist_on_being_open(payment)
    if form.validate_on_submit():
        ticked = form.ticked_pence
        said = _say(payment, form, ticked)
        return done(said, then=url_for(".show", reference=reference, first_on=first_on))
    return render(
        "provider/payments/answer.html", partial="provider/payments/_answer.html",
        payment=payment, asking=payment.answer_state, standing=standing, rows=rows, marks=marks, form=form,
        ticked_pence=form.ticked_pence, **_said(payment, rows),
    )  # fmt: skip


@bp.route("/<reference:reference>/<day:first_on>/take-back", methods=["GET", "POST"])
@requires(Permission.CONFIRM_PAYMENTS)
@reads_client_records
def take_back(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    standing = standing_of(payment)
    form = TakeBackForm(total_pence=payment.total_pence, confirms_pence=standing.to_confirm_pence)
    if form.validate_on_submit():
        answers.take_back(payment, by=me(), total_pence=form.total_pence.data or 0)
        confirmed = gbp(form.confirms_pence.data or 0)
        said = f"You have taken your rejection back, and confirmed {confirmed} for {payment.span.short}"
        return done(said, then=url_for(".show", reference=reference, first_on=first_on))
    return render("provider/payments/take_back.html", payment=payment, form=form, standing=standing)


def _say(payment, form, ticked):
    """Give the answer whose button was pressed; what was said, in words."""
    seen = form.total_pence.data
    if form.reject.data:
        reject(payment, by=me(), total_pence=seen, comment=form.reason)
        return f"You have rejected the payment of {gbp(seen)} for {payment.span.short}. It goes back to the council"
    confirm(payment, by=me(), total_pence=seen, comment=form.comment.data, queries=form.queries)
    count = len(form.queries)
    said = f"You have confirmed {gbp(standing_of(payment).to_confirm_pence)} for {payment.span.short}"
    return f"{said}, and queried {how_many(count, 'row')}, {gbp(ticked)}" if count else said


@bp.get("/schedule")
@requires(Permission.VIEW_PAYMENTS)
def schedule():
    form, contract, periods, moved = _schedule()
    return render(
        "provider/payments/schedule.html", partial="provider/payments/_schedule.html",
        form=form, contract=contract, periods=periods, today=today(), Occasion=schedules.Occasion,
        next=schedules.next_deadline(contract, moved) if contract else None,
    )  # fmt: skip


@bp.get("/schedule/data.csv")
@requires(Permission.VIEW_PAYMENTS)
def schedule_csv():
    _, _, periods, _ = _schedule()
    return csv_file("payment-schedule.csv", schedule_data(periods))


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


def _page(chosen):
    contracts = session.execute(ScheduledPayment.reach()).all()
    form = PeriodFilter(request.args, data=_usual(chosen, contracts))
    form.offer(_years(contracts), [(row.reference, f"{row.name} ({row.reference})") for row in contracts])
    context = {"chosen": chosen, "form": form, "page": None, "payment": None}
    if contracts and form.validate():
        listed = ScheduledPayment.listed(
            year=FinancialYear(int(form.year.data)),
            contract=form.contract.data or None,
            future=form.when.data == "future",
        )
        context["page"] = page_of(listed)
        if chosen is None and context["page"].items:
            newest = context["page"].items[0]
            chosen = get_or_404(ScheduledPayment.of(newest.contract.reference, newest.first_on))
    shown = chosen is not None and not form.errors
    listed_ones = context["page"].items if context["page"] else []
    stand = standings([*listed_ones, *([chosen] if shown else [])])
    context["standings"] = stand
    if shown:
        found = told(chosen)
        context |= {
            "payment": chosen,
            "standing": stand[chosen.id],
            "asking": chosen.answer_state,
            "marks": _marks(chosen),
            "owed_pence": owed_on(chosen.contract_id),
            "moves": session.scalars(DayMove.of(chosen)).all(),
            "banked": session.execute(banked_of(chosen)).all() if chosen.is_begun else [],
            **_said(chosen, found.rows),
            "rows": page_of(found.rows, name="rows"),
            "before": found.before,
            "changes": found.changes if found.before and not chosen.fault else None,
        }
    return render("provider/payments/index.html", partial="provider/payments/_panes.html", **context)


def _usual(chosen, contracts):
    """What the pick lists stand on when the address does not say: the year of the payment shown, or this year."""
    if chosen is not None:
        when = "future" if chosen.processing is Processing.FUTURE else "begun"
        return {"year": str(chosen.year.starts_in), "contract": "", "when": when}
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
    kept = standing_of(payment).kept
    held = {
        order_id: "queried" if hold.is_query else "by the council"
        for order_id, hold in _marks(payment).items()
        if hold.is_in_force
    }
    if kept is Kept.REJECTED:
        held[None] = "rejected"
    elif kept is Kept.UNCALCULATED:
        held[None] = "cannot be calculated"
    elif kept is Kept.MISSED:
        held[None] = "not confirmed in time"
    return held


def _marks(payment):
    """What is queried, or held by the council: by purchase order, with None for the whole payment."""
    return {hold.purchase_order_id: hold for hold in session.scalars(Hold.on(payment))}


def _said(payment, rows):
    """What was asked and answered of the payment: beside its rows, and of rows that it no longer has."""
    said = told_on(payment)
    here = {row.order.id for row in rows if row.order} | {None}
    return {
        "said_of": said,
        "said_elsewhere": [hold for order_id, holds in said.items() if order_id not in here for hold in holds],
        "names": names_of(hold.placed_by_id for holds in said.values() for hold in holds if hold.is_query),
    }

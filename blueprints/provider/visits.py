"""Visits: those that wait for a line item, those that have one, and the weeks that they make."""

from flask import Blueprint, request, url_for

from blueprints.access import may, me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, get_row_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from exchange.downloads.visits import visits_data
from forms.uploads import AllotForm, TakeForm, VisitFilter
from models.base import session
from models.calendar import today
from models.care.from_visits import (
    allot_by_hand,
    may_be_for,
    people_without_visits,
    take_visits,
    unallocated_count,
    visits_of,
    weeks_with_visits,
)
from models.care.plan import calendar_on, calendars_of, weeks_begin_on
from models.care.visit_story import story_of
from models.permissions import Permission
from models.records.contract import Contract
from models.records.visit import Visit
from models.words import how_many

MOST_WEEKS = 12
bp = Blueprint("visits", __name__, url_prefix="/visits")


@bp.get("/")
@requires(Permission.VIEW_ACTUALS)
@reads_client_records
def index():
    return _page(TakeForm(formdata=None))


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_ACTUALS)
@reads_client_records
def data(ending):
    form = checked(VisitFilter(request.args))
    return table_file("visits", visits_data(session.execute(visits_of(unallocated=form.is_unallocated))), ending)


@bp.get("/<int:visit_id>")
@requires(Permission.VIEW_ACTUALS)
@reads_client_records
def show(visit_id):
    """One visit, and what it became."""
    row = get_row_or_404(visits_of(visit_id=visit_id))
    return render(
        "provider/visits/show.html", row=row, visit=row.Visit, story=story_of(row.Visit),
        sees_money=may(Permission.VIEW_PAYMENTS),
    )  # fmt: skip


@bp.post("/take")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def take():
    """Make a week's actuals from its visits."""
    form = TakeForm()
    if form.validate_on_submit():
        contract = get_or_404(Contract.by_name().where(Contract.reference == form.contract.data))
        with refusals_on(form):
            count = take_visits(contract, form.service_id, form.first_on, by=me())
            said = f"{how_many(count, 'row')} taken from visits. Review and confirm the week"
            if rest := people_without_visits(contract, form.service_id, form.first_on):
                said += (
                    f". {how_many(rest, 'row')} without a visit {'is' if rest == 1 else 'are'} as planned: look there"
                )
            return done(said, then=url_for(".index"))
    return _page(form)


@bp.route("/<int:visit_id>/allot", methods=["GET", "POST"])
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def allot(visit_id):
    visit = get_or_404(Visit.numbered(visit_id))
    items = session.execute(may_be_for(visit)).all()
    form = AllotForm()
    form.item.offer(*((str(item.id), f"{item.reference}, {level}") for item, level in items))
    if form.validate_on_submit():
        chosen = next(item for item, _ in items if str(item.id) == form.item.data)
        with refusals_on(form):
            allot_by_hand(visit, chosen, by=me())
            return done(f"Visit {visit.reference} is allotted", then=url_for(".index", show="unallocated"))
    return render("provider/visits/allot.html", form=form, visit=visit, items=items)


def _page(form):
    shown = VisitFilter(request.args)
    shown.validate()
    contracts = {each.id: each for each in session.scalars(Contract.by_name())}
    methods = calendars_of(contracts)
    weekdays = {
        id_: weeks_begin_on(calendar) for id_, own in methods.items() if (calendar := calendar_on(own, today()))
    }  # fmt: skip
    return render(
        "provider/visits/index.html", form=form, filters=shown,
        page=page_of(visits_of(unallocated=shown.is_unallocated)), waiting=session.scalar(unallocated_count()),
        weeks=weeks_with_visits(weekdays)[:MOST_WEEKS] if may(Permission.SUBMIT_ACTUALS) else [], contracts=contracts,
    )  # fmt: skip

"""One week: begun from the plan, its grid, which is saved row by row or whole, and what it became once confirmed."""

from blueprints.access import looking_at, may, me, requires
from blueprints.download import table_file
from blueprints.lookups import one_or_404
from blueprints.pages import done, go_to, refusals_on, render
from blueprints.presses import repeatable
from blueprints.provider.actuals import bp
from blueprints.provider.actuals.finding import AT, begun_place_of, place_of
from blueprints.reading import reads_client_records
from exchange.downloads.weeks_of_actuals import kept_data, sheet_data
from forms.actuals import SeenRowsForm, SheetForm
from forms.base import ButtonForm
from forms.sheets import mark_of, texts_of
from models.calendar import today
from models.care.confirmed import correctable_until, kept_rows, paid_in, with_names
from models.care.plan import planned_of
from models.care.sheet import read_sheet
from models.care.weeks import as_planned, change, correct, generate, insist_on_a_week, refresh
from models.permissions import Permission
from models.records.actual import AbsenceReason
from models.records.invoice import state_of
from models.words import how_many


@bp.get(AT)
@requires(Permission.VIEW_ACTUALS)
@reads_client_records
def show(reference, service_id, first_on):
    place = place_of(reference, service_id, first_on)
    if place.week is None:
        insist_on_a_week(place.contract, first_on)
        planned = planned_of(place.contract.id, service_id, first_on)
        return render("provider/actuals/begin.html", place=place, planned=planned, form=ButtonForm())
    if place.week.is_open:
        return _grid(place, place.week, SheetForm())
    return kept_page(place, place.week, ButtonForm())


@bp.post(AT)
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def save(reference, service_id, first_on):
    """All rows of the form that somebody touched, or none."""
    place, week = begun_place_of(reference, service_id, first_on)
    form, sheet = SheetForm(), read_sheet(week)
    form.offer(sheet)
    with refusals_on(form):
        if form.validate_on_submit():
            count = _change(week, sheet, form.touched)
            then = place.url("confirm" if form.review.data else "show")
            return done(f"Saved: {how_many(count, 'row')} changed", then=then) if count else go_to(then)
    return _grid(place, week, form)


@bp.post(f"{AT}/rows/<int:item_id>")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
@repeatable
def save_row(reference, service_id, first_on, item_id):
    """One row, as it is left: the script of the grid sends it, and what comes back says how it stands."""
    place, week = begun_place_of(reference, service_id, first_on)
    form, sheet = SheetForm(), read_sheet(week)
    one_or_404([row for row in sheet.rows if row.item_id == item_id])
    form.offer(sheet)
    form.rows.data = {id_: row for id_, row in form.rows.data.items() if id_ == item_id}
    with refusals_on(form):
        if form.validate_on_submit():
            _change(week, sheet, form.touched)
            sheet = read_sheet(week)
            form.offer(sheet)
    return _grid(place, week, form, sheet=sheet, item_id=item_id)


def _change(week, sheet, touched):
    stands = {id_: sheet.by_item[id_].figures for id_ in touched}
    return change(week, {id_: (row.of(stands[id_]), row.version) for id_, row in touched.items()}, by=me())


def _grid(place, week, form, *, sheet=None, item_id=None):
    sheet = sheet or read_sheet(week)
    form.offer(sheet)
    return render(
        "provider/actuals/sheet.html",
        partial="provider/actuals/_said.html" if item_id else None,
        place=place,
        week=week,
        sheet=sheet,
        form=form,
        boxes=_boxes(sheet, form),
        outdated=_outdated(sheet, form),
        reasons=list(AbsenceReason),
        row=sheet.by_item.get(item_id),
        edits=may(Permission.SUBMIT_ACTUALS) and looking_at() is None,
    )


def _outdated(sheet, form):
    """The rows that somebody else has changed since the page was drawn that is sent now. A row that says what stands is
    none of them: it was saved by itself while the page was on its way.
    """
    if not form.errors:
        return set()
    found = set()
    for id_, row in form.touched.items():
        now = sheet.by_item[id_]
        is_same = not row.faults and row.of(now.figures) == now.figures
        if row.version not in (None, now.actual.version) and not is_same:
            found.add(id_)
    return found


def _boxes(sheet, form):
    """What stands in the boxes of each row, and the mark of what the database has: what was typed and is not saved
    stays.
    """
    typed = form.touched
    found = {}
    for row in sheet.rows:
        stands = texts_of(row.figures)
        texts = typed[row.item_id].texts if row.item_id in typed else stands
        found[row.item_id] = texts, f"{row.actual.version}.{mark_of(stands)}"
    return found


def kept_page(place, week, form):
    """A week that is confirmed. `form`: the one whose button is on it, or that was refused since it is confirmed."""
    rows, sees_money = kept_rows(week), may(Permission.VIEW_PAYMENTS)
    until = correctable_until(rows, week.first_on)
    return render(
        "provider/actuals/kept.html", place=place, week=week, rows=rows, names=with_names(week),
        paid=paid_in(week) if sees_money else None, state_of=state_of, form=form,
        makes_invoices=may(Permission.SUBMIT_INVOICES) and looking_at() is None,
        in_time_until=until, can_correct=today() <= until, today=today(),
        edits=may(Permission.SUBMIT_ACTUALS) and looking_at() is None,
    )  # fmt: skip


@bp.post(f"{AT}/begin")
@requires(Permission.SUBMIT_ACTUALS)
def begin(reference, service_id, first_on):
    place = place_of(reference, service_id, first_on)
    generate(place.contract, service_id, first_on, by=me())
    return go_to(place.url())


@bp.route(f"{AT}/as-planned", methods=["GET", "POST"])
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def all_as_planned(reference, service_id, first_on):
    place, week = begun_place_of(reference, service_id, first_on)
    form, sheet = SeenRowsForm(), read_sheet(week)
    form.offer(sheet)
    with refusals_on(form):
        if form.validate_on_submit():
            count = as_planned(week, by=me())
            said = (
                f"Everything is as planned: {how_many(count, 'row')} set back" if count else "Everything is as planned"
            )
            return done(said, then=place.url("confirm"))
    return render("provider/actuals/as_planned.html", place=place, week=week, sheet=sheet, form=form)


@bp.post(f"{AT}/take-plan")
@requires(Permission.SUBMIT_ACTUALS)
def take_plan(reference, service_id, first_on):
    """Take over what has changed in the plan since the week was begun."""
    place, week = begun_place_of(reference, service_id, first_on)
    count = refresh(week, by=me())
    return done(f"The plan is taken over: {how_many(count, 'row')} new or changed", then=place.url())


@bp.post(f"{AT}/correct")
@requires(Permission.SUBMIT_ACTUALS)
def correct_it(reference, service_id, first_on):
    place, week = begun_place_of(reference, service_id, first_on)
    correct(week, by=me())
    return done("The week is open again. What was confirmed holds until you confirm it again", then=place.url())


@bp.get(f"{AT}/week.<file:ending>")
@requires(Permission.VIEW_ACTUALS)
@reads_client_records
def week_data(reference, service_id, first_on, ending):
    """The week's rows: as they stand, or as they were confirmed."""
    _, week = begun_place_of(reference, service_id, first_on)
    if week.is_open:
        return table_file("actuals", sheet_data(read_sheet(week).rows, first_on), ending)
    paid = paid_in(week) if may(Permission.VIEW_PAYMENTS) else None
    pence = paid.pence if paid and paid.invoices is None else None
    return table_file("actuals", kept_data(kept_rows(week), first_on, pence), ending)

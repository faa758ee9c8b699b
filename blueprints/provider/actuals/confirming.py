"""Review Exceptions, and Confirm: what must be put right, what the council will look at, and what is only told."""

from blueprints.access import may, me, requires
from blueprints.pages import done, go_to, refusals_on, render
from blueprints.presses import repeatable
from blueprints.provider.actuals import bp
from blueprints.provider.actuals.finding import AT, begun_place_of
from blueprints.provider.actuals.week import kept_page
from blueprints.reading import reads_client_records
from forms.actuals import ConfirmForm
from models.calendar import today
from models.care import weeks
from models.care.checking import Severity
from models.care.sheet import read_sheet
from models.care.worth import worth_of
from models.permissions import Permission
from models.words import how_many


@bp.route(f"{AT}/confirm", methods=["GET", "POST"])
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
def confirm(reference, service_id, first_on):
    place, week = begun_place_of(reference, service_id, first_on)
    form = ConfirmForm()
    sheet = read_sheet(week)
    form.offer(sheet)
    with refusals_on(form):
        if form.validate_on_submit():
            kept = weeks.confirm(week, late_reason=form.late_reason.data, by=me())
            said = f"You have confirmed the week of {place.span.short}"
            return done(f"{said}: {how_many(kept, 'row')} new or changed" if kept else said, then=place.url())
    if not week.is_open:
        return kept_page(place, week, form) if form.errors else go_to(place.url())
    return _review(place, week, sheet, form)


@bp.post(f"{AT}/confirm/worth")
@requires(Permission.SUBMIT_ACTUALS)
@reads_client_records
@repeatable
def worth(reference, service_id, first_on):
    """What the week comes to as it stands. The script of the page asks as soon as it is open; without scripts a button
    does.
    """
    place, week = begun_place_of(reference, service_id, first_on)
    sheet = read_sheet(week)
    form = ConfirmForm(formdata=None)
    form.offer(sheet)
    return _review(place, week, sheet, form, worth_of(sheet) if may(Permission.VIEW_PAYMENTS) else None)


def _review(place, week, sheet, form, found=None):
    return render(
        "provider/actuals/confirm.html", partial="provider/actuals/_worth.html" if found else None,
        place=place, week=week, sheet=sheet, form=form, wrong=sheet.of_severity(Severity.ERROR),
        looked_at=sheet.of_severity(Severity.EXCEPTION), told=sheet.of_severity(Severity.WARNING),
        is_over=place.span.last < today(), worth=found,
    )  # fmt: skip

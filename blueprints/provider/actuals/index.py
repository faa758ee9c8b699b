"""The weeks of every service, with the state and the deadline of each."""

from datetime import timedelta

from flask import request

from blueprints.access import may, requires
from blueprints.download import checked, table_file
from blueprints.lookups import address_without, page_of
from blueprints.pages import render
from blueprints.provider.actuals import bp
from exchange.downloads.weeks_of_actuals import list_data
from forms.actuals import WeeksFilter, service_key
from models.calendar import today
from models.care.figures_of_weeks import figures_of, pence_of
from models.care.register import weeks
from models.care.rules import LATEST_WEEKS
from models.permissions import Permission

PER_PAGE = 20
LOOKS_BACK = timedelta(weeks=LATEST_WEEKS + 1)
"""Without Include Historical the list has the weeks that can still be confirmed."""
EVER = timedelta(weeks=520)


@bp.get("/")
@requires(Permission.VIEW_ACTUALS)
def index():
    form, found = _listed()
    page = page_of(found, size=PER_PAGE) if form.validate() else None
    return render(
        "provider/actuals/index.html", partial="provider/actuals/_list.html", form=form, page=page,
        figures=figures_of(page.items) if page else {}, address=address_without("text"),
        pence=pence_of(page.items) if page and may(Permission.VIEW_PAYMENTS) else None,
    )  # fmt: skip


@bp.get("/weeks.<file:ending>")
@requires(Permission.VIEW_ACTUALS)
def data(ending):
    """What the list shows, all pages: one row a week."""
    form, found = _listed()
    checked(form)
    pence = pence_of(found) if may(Permission.VIEW_PAYMENTS) else None
    return table_file("weeks-of-actuals", list_data(found, figures_of(found), pence), ending)


def _listed():
    form = WeeksFilter(request.args)
    every = weeks(today() - (EVER if form.historical.data else LOOKS_BACK))
    names = {service_key(each): f"{each.service_name}, {each.contract_name}" for each in every}
    form.offer(sorted(names.items(), key=lambda pair: pair[1]))
    return form, [each for each in every if form.takes(each)]

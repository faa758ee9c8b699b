"""All my services: what needs doing at each provider of somebody who has several, and what comes to the bank."""

from flask import abort, request

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.lookups import page_of
from blueprints.pages import render
from forms.services import NEEDS_ME, ServiceSearch
from models.reports.services_overview import has_overview, overview_of


@bp.get("/all-my-services")
@requires(SIGNED_IN)
def all_services():
    if not has_overview(me()):
        abort(404)
    overview = overview_of(me())
    services = overview.services
    form = ServiceSearch(request.args)
    found = [each for each in services if each.place.answers_to(form.sought)] if form.validate() else []
    if form.show.data == NEEDS_ME:
        found = [each for each in found if each.to_confirm]
    return render(
        "auth/all_services.html", partial="auth/_services.html",
        form=form, page=page_of(found), services=services, weeks=overview.weeks,
        held_pence=overview.held_pence, bars=[(week.short, pence) for week, pence in overview.weeks],
    )  # fmt: skip

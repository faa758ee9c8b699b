"""Which provider, for somebody who has several, and what needs doing at each."""

from itertools import groupby
from operator import attrgetter

from flask import abort, request, url_for

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.lookups import page_of
from blueprints.pages import go_to, render
from forms.services import NEEDS_ME, PlaceSearch, ServiceSearch
from models.calendar import today
from models.reports.services_overview import coming_to, has_overview, places_of, services_of

LONG = 15
"""From more providers than this on, one would rather type a name than look for it."""


@bp.get("/providers")
@requires(SIGNED_IN)
def choose():
    if len(me().memberships) < 2 and first_page() != url_for(".choose"):
        return go_to(first_page())
    places = places_of(me())
    form = PlaceSearch(request.args)
    page = page_of([place for place in places if place.answers_to(form.sought)])
    return render(
        "auth/choose.html", form=form, page=page, total=len(places), is_long=len(places) > LONG,
        groups=[(name, list(group)) for name, group in groupby(page.items, key=attrgetter("organisation"))],
        has_groups=len({place.organisation for place in places}) > 1, overview=has_overview(me()),
    )  # fmt: skip


@bp.get("/all-my-services")
@requires(SIGNED_IN)
def all_services():
    if not has_overview(me()):
        abort(404)
    services, weeks = services_of(me()), coming_to(me())
    form = ServiceSearch(request.args)
    found = [each for each in services if each.place.answers_to(form.sought)] if form.validate() else []
    if form.show.data == NEEDS_ME:
        found = [each for each in found if each.to_confirm]
    return render(
        "auth/all_services.html", partial="auth/_services.html",
        form=form, page=page_of(found), services=services, weeks=weeks, today=today(),
        bars=[(week.short, pence) for week, pence in weeks],
    )  # fmt: skip


def first_page() -> str:
    """The council's desk for its staff, the home page of somebody with one provider; others say first which one."""
    if me().staff is not None:
        return url_for("admin.home.show")
    if len(me().memberships) == 1:
        return url_for("provider.home.show", provider=me().memberships[0].provider_id)
    return url_for("auth.choose")

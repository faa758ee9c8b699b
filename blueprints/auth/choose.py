"""Which provider, for somebody who has several; and the page that each person begins with."""

from itertools import groupby
from operator import attrgetter

from flask import request, url_for

from blueprints.access import SIGNED_IN, me, requires
from blueprints.auth import bp
from blueprints.lookups import page_of
from blueprints.pages import go_to, render
from forms.services import PlaceSearch
from models.reports.services_overview import has_overview, places_of

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


def first_page() -> str:
    """Where a person begins: council staff at their desk, a person with one provider at its home page, others by
    choosing.
    """
    if me().staff is not None:
        return url_for("admin.home.show")
    if len(me().memberships) == 1:
        return url_for("provider.home.show", provider=me().memberships[0].provider_id)
    return url_for("auth.choose")

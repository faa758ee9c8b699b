"""The journeys that a provider has saved, to add a trip with one press."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.provider.claims import bp
from models.billing.journey import SavedJourney, forget_journey
from models.permissions import Permission


@bp.get("/journeys")
@requires(Permission.VIEW_CLAIMS)
def journeys():
    return render("provider/claims/journeys.html", page=page_of(SavedJourney.listed()))


@bp.post("/journeys/<int:journey_id>/forget")
@requires(Permission.MAKE_CLAIMS)
def forget(journey_id):
    journey = get_or_404(SavedJourney.numbered(journey_id))
    forget_journey(journey, by=me())
    return done(f"“{journey.name}” is no longer kept. Claims with it stay as they are", then=url_for(".journeys"))

"""Organisation Details: what the council holds about the provider. Nothing is edited here."""

from flask import Blueprint

from blueprints.access import requires, viewed
from blueprints.lookups import get_or_404
from blueprints.pages import render
from models.base import session
from models.correspondence.detail_change import DetailChange
from models.permissions import Permission
from models.records.provider import Provider
from models.refused_address import RefusedAddress

bp = Blueprint("organisation", __name__, url_prefix="/organisation")


@bp.get("/")
@requires(Permission.VIEW_ORGANISATION)
def show():
    provider = get_or_404(Provider.with_organisation(viewed().id))
    refused = RefusedAddress.among([provider.email]).get(provider.email.lower())
    waiting = session.scalars(DetailChange.waiting_here(of_contacts=False)).all()
    return render("provider/organisation/show.html", provider=provider, refused=refused, waiting=waiting)

"""A provider's own pages, all under /providers/<provider>/. Views here never see the number: the gate does."""

from flask import Blueprint

from blueprints.provider import (
    changes,
    contacts,
    contracts,
    home,
    organisation,
    payments,
    purchase_orders,
    team,
    whereabouts,
)

bp = Blueprint("provider", __name__, url_prefix="/providers/<int:provider>")

for area in (home, payments, whereabouts, purchase_orders, contracts, organisation, contacts, changes, team):
    bp.register_blueprint(area.bp)

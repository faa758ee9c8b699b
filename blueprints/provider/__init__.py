"""A provider's own pages, all under /providers/<provider>/. Views here never see the number: the gate does."""

from flask import Blueprint

from blueprints.provider import (
    changes,
    contacts,
    contracts,
    debts,
    home,
    organisation,
    payments,
    purchase_orders,
    team,
    whereabouts,
)

bp = Blueprint("provider", __name__, url_prefix="/providers/<int:provider>")

AREAS = (
    home, payments, debts, whereabouts, purchase_orders, contracts, organisation, contacts, changes, team,
)  # fmt: skip

for area in AREAS:
    bp.register_blueprint(area.bp)

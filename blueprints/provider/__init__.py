"""A provider's own pages, all under /providers/<provider>/. Views here never see the number: the gate does."""

from flask import Blueprint

from blueprints.provider import changes, contacts, contracts, debts, home, organisation, payments, purchase_orders, team

bp = Blueprint("provider", __name__, url_prefix="/providers/<int:provider>")

for area in (home, payments, debts, purchase_orders, contracts, organisation, contacts, changes, team):
    bp.register_blueprint(area.bp)

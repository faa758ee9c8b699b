"""A provider's own pages, all under /providers/<provider>/. Views here never see the number: the gate does."""

from flask import Blueprint

from blueprints.provider import (
    actions,
    actuals,
    annual_statement,
    answering,
    care_packages,
    changes,
    claims,
    contacts,
    contracts,
    debts,
    documents,
    home,
    invoices,
    organisation,
    payments,
    purchase_orders,
    received,
    reports,
    statements,
    team,
    timesheets,
    uploads,
    visits,
    whereabouts,
)

bp = Blueprint("provider", __name__, url_prefix="/providers/<int:provider>")

AREAS = (
    home, payments, answering, debts, whereabouts, purchase_orders, care_packages, contracts, documents, organisation,
    contacts, changes, team, actions, actuals, claims, invoices, reports, annual_statement, received, statements,
    timesheets, uploads, visits,
)  # fmt: skip

for area in AREAS:
    bp.register_blueprint(area.bp)

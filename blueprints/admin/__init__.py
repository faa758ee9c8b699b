"""The council's side, under /council/: every provider's data, for the council's own staff."""

from flask import Blueprint

from blueprints.admin import (
    access_reviews,
    actions,
    actuals,
    alarms,
    audit,
    bank_holidays,
    calendars,
    care_packages,
    care_relief,
    changes,
    claims,
    clients,
    conflicts,
    contracts,
    daily_work,
    debts,
    documents,
    exports,
    feeds,
    gates,
    home,
    invoices,
    payment_runs,
    payments,
    people,
    providers,
    purchase_orders,
    rates,
    refused_addresses,
    remittances,
    search,
    staff_requests,
    standing_holds,
    timesheets,
)

bp = Blueprint("admin", __name__, url_prefix="/council")

for area in (
    home, payments, payment_runs, standing_holds, debts, feeds, exports, providers, people, staff_requests, conflicts,
    refused_addresses, changes, access_reviews, alarms, audit, bank_holidays, daily_work,
    contracts, documents, gates, rates, calendars, clients, care_packages, purchase_orders, search, actions, claims,
    invoices, actuals, timesheets, remittances, care_relief,
):  # fmt: skip
    bp.register_blueprint(area.bp)

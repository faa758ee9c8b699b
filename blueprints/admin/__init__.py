"""The council's side, under /council/: every provider's data, for the council's own staff."""

from flask import Blueprint

from blueprints.admin import (
    access_reviews,
    audit,
    bank_holidays,
    changes,
    daily_work,
    debts,
    feeds,
    home,
    payment_runs,
    payments,
    people,
    providers,
    refused_addresses,
    standing_holds,
)

bp = Blueprint("admin", __name__, url_prefix="/council")

for area in (
    home, payments, payment_runs, standing_holds, debts, feeds, providers, people, refused_addresses, changes,
    access_reviews, audit, bank_holidays, daily_work,
):  # fmt: skip
    bp.register_blueprint(area.bp)

"""The council's side, under /council/: every provider's data, for the council's own staff."""

from flask import Blueprint

from blueprints.admin import desk, home, payment_runs, payments  # noqa: F401 - desk adds its views to payments

bp = Blueprint("admin", __name__, url_prefix="/council")

for area in (home, payments, payment_runs):
    bp.register_blueprint(area.bp)

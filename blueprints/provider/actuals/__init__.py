"""Actuals: the weeks of which a provider says what was delivered, the grid of one, its review and its confirmation."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("actuals", __name__, url_prefix="/actuals")

from blueprints.provider.actuals import confirming, index, week

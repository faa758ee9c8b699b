"""One-Off Claims: the list with one claim beside it, its items and trips, and what its provider does with it."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("claims", __name__, url_prefix="/claims")

from blueprints.provider.claims import index, items, journeys, write

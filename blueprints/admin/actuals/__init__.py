"""Actuals on the council's side: who has submitted, the exceptions that wait, and the rules that judge them."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("actuals", __name__, url_prefix="/actuals")

from blueprints.admin.actuals import decide, exceptions, index, rules, week

"""Every provider's payments: the list, one of them, and what an officer does to it."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("payments", __name__, url_prefix="/payments")

PAYMENT = "/<reference:reference>/<day:first_on>"
"""The address of one payment: the contract's reference, since two contracts may begin on one day."""

from blueprints.admin.payments import adjust, answer, days, hold, index, instalments, many, show, waiting

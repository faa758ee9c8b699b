"""Invoices for the council: the queue, one of them, what is decided, why they are held, and how long they take."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("invoices", __name__, url_prefix="/invoices")

from blueprints.admin.invoices import clock, decide, index, many, rules, show

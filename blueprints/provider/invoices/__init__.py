"""Invoices and credit notes: the list, one of them, its lines, and what its provider does with it."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("invoices", __name__, url_prefix="/invoices")

from blueprints.provider.invoices import as_files, credit, index, lines, new, send

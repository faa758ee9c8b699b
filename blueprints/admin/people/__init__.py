"""Everybody who logs in: the list, one of them, new ones, and what is done to an account."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("people", __name__, url_prefix="/people")

from blueprints.admin.people import account, index, new, show

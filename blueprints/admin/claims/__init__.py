"""One-off claims on the council's side: the panel's queue, one claim to decide, who may claim, and by which rules."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("claims", __name__, url_prefix="/claims")

from blueprints.admin.claims import changes, decide, grants, index, many, rules, show

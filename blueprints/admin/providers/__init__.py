"""Providers as the council knows them: who they are, who has access, and their pages as they see them."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("providers", __name__, url_prefix="/providers")

from blueprints.admin.providers import access, index, look, show, statement, whereabouts

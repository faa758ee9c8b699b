"""My work: what must happen when, what waits for whom, and who is on it."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("home", __name__)

from blueprints.admin.home import show, take

"""Pages for anyone, before logging in."""

from flask import Blueprint

bp = Blueprint("public", __name__)

from blueprints.public import information, machinery  # noqa: E402, F401 - they add their views to bp

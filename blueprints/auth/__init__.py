"""Logging in and out, in two steps."""

from flask import Blueprint

bp = Blueprint("auth", __name__)

from blueprints.auth import log_in, log_out  # noqa: E402, F401 - they add their views to bp

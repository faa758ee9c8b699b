"""Logging in and out, and what one logs in with."""

from flask import Blueprint

bp = Blueprint("auth", __name__)

from blueprints.auth import account, choose, forgotten, log_in, log_out, stages  # noqa: E402, F401 - they add views
